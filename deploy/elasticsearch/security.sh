#!/usr/bin/env bash
# Roles, users and Kibana's own password, through Elasticsearch's API. Running it again changes nothing.
# ELASTICSEARCH_URL: where it is. SECRETS: folder with elastic_password, kibana_password, service_password,
# analyst_password. Passwords travel on standard input and through a pipe, never in arguments.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

secret() {
  local value
  value=$(<"$SECRETS/$1")
  if [[ ! $value =~ ^[A-Za-z0-9_-]{6,}$ ]]; then
    echo "$1: cần ít nhất 6 chữ cái, chữ số, dấu - hoặc _ / at least 6 letters, digits, - or _" >&2
    return 1
  fi
  printf '%s' "$value"
}

elastic=$(secret elastic_password)

send() { # METHOD PATH, body on standard input
  local answer
  answer=$(curl -sS --noproxy '*' --max-time 60 -w '\n%{http_code}' -X "$1" "$ELASTICSEARCH_URL$2" \
    -H 'Content-Type: application/json' --data-binary @- --config <(printf 'user = "elastic:%s"\n' "$elastic"))
  if [ "${answer##*$'\n'}" != 200 ]; then
    printf '%s %s: %s\n' "$1" "$2" "$answer" >&2
    return 1
  fi
  echo "xong / done: $2"
}

user() { # NAME SECRET ROLE
  local password
  password=$(secret "$2")
  printf '{"password": "%s", "roles": ["%s"]}' "$password" "$3" | send PUT "/_security/user/$1"
}

for role in "$here"/roles/*.json; do
  send PUT "/_security/role/$(basename "$role" .json)" <"$role"
done
user diembao_service service_password diembao_service
user diembao_analyst analyst_password diembao_analyst
kibana=$(secret kibana_password)
printf '{"password": "%s"}' "$kibana" | send POST /_security/user/kibana_system/_password
