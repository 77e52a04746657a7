#!/usr/bin/env bash
# A command of the operator beside the running composition, under the operator's own account: who acts is the account
# that called sudo, known in people.yaml by its login; config/ may be written (backtest --apply, config rollback).
#   sudo deploy/diembao.sh doctor      sudo deploy/diembao.sh backtest /cau-hinh/watches.yaml --apply
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
if [ "$(id -u)" -ne 0 ] || [ -z "${SUDO_UID:-}" ]; then
  echo "Hãy chạy bằng sudo từ tài khoản của mình. / Run it with sudo, from your own account." >&2
  exit 2
fi
# In the environment of this one container, not on a command line that others could list.
DIEMBAO_ELASTICSEARCH_PASSWORD=$(cat deploy/secrets/service_password)
DIEMBAO_SMTP_PASSWORD=$(cat deploy/secrets/smtp_password)
export DIEMBAO_ELASTICSEARCH_PASSWORD DIEMBAO_SMTP_PASSWORD
# The alerter's own settings and volume: `digest --send` sends where the alerter sends, `doctor` looks at that. Its
# volume and its mail folder are open to group 1000; its password files are not, they are given as above.
exec docker compose run --rm --no-deps --user "$SUDO_UID:1000" \
  --volume /etc/passwd:/etc/passwd:ro --volume "$PWD/config:/cau-hinh" --env DIEMBAO_CONFIG=/cau-hinh \
  --env DIEMBAO_ELASTICSEARCH_PASSWORD --env DIEMBAO_ELASTICSEARCH_PASSWORD_FILE= \
  --env DIEMBAO_SMTP_PASSWORD --env DIEMBAO_SMTP_PASSWORD_FILE= \
  alerter "$@"
