#!/usr/bin/env bash
# The data view and the dashboard of diembao.ndjson, written over earlier ones of the same id.
# KIBANA_URL: where it is. SECRETS: folder with elastic_password.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
elastic=$(<"$SECRETS/elastic_password")

answer=$(curl -sS --noproxy '*' --max-time 120 -X POST "$KIBANA_URL/api/saved_objects/_import?overwrite=true" \
  -H 'kbn-xsrf: diembao' -F "file=@$here/diembao.ndjson" --config <(printf 'user = "elastic:%s"\n' "$elastic"))
# Kibana answers 200 also when it took only a part, and says so in `success`.
if [[ $answer != *'"success":true'* ]]; then
  echo "Kibana: $answer" >&2
  exit 1
fi
echo "xong / done: diembao.ndjson"
