#!/usr/bin/env bash
# Makes the passwords of docker-compose.yml, one a file (0600), and shows none of them.
# What is there already is kept: to change one, delete its file, run this again, then
# `docker compose up -d --force-recreate`.   Usage: sudo deploy/secrets.sh [FOLDER]
set -euo pipefail
umask 077
folder=${1:-$(dirname "$(readlink -f "$0")")/secrets}
owner=1000 # who Elasticsearch, Kibana and Điểm Báo are in their containers: nobody else reads a file of 0600

if [ "$(id -u)" -ne 0 ] && [ "$(id -u)" -ne "$owner" ]; then
  echo "Hãy chạy bằng sudo: tệp mật khẩu phải thuộc về tài khoản số $owner. / Run it with sudo: the files must belong to uid $owner." >&2
  exit 2
fi
for pair in kibana_password:kibana_secrets.yml kibana_secrets.yml:kibana_password; do
  if [ -e "$folder/${pair%:*}" ] && [ ! -e "$folder/${pair#*:}" ]; then
    echo "${pair%:*} và ${pair#*:} đi đôi: xóa cả hai rồi chạy lại. / These two belong together: delete both." >&2
    exit 2
  fi
done

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

write() { # NAME, content on standard input
  if [ -e "$folder/$1" ]; then
    cat >/dev/null
    echo "giữ nguyên / kept: $1"
    return
  fi
  cat >"$folder/$1"
  [ "$(id -u)" -ne 0 ] || chown "$owner:$owner" "$folder/$1"
  echo "đã tạo / made: $1"
}

mkdir -p "$folder"
kibana=$(random)
random | write elastic_password
random | write service_password
random | write analyst_password
printf '%s' "$kibana" | write kibana_password
write kibana_secrets.yml <<END
elasticsearch.password: "$kibana"
xpack.security.encryptionKey: "$(random)"
xpack.encryptedSavedObjects.encryptionKey: "$(random)"
xpack.reporting.encryptionKey: "$(random)"
END
# Empty until the office's mail relay asks for a login: put its password there yourself.
printf '' | write smtp_password
