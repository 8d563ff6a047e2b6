#!/usr/bin/env bash
# Changes the first name of a customer: update.sh BASE_URL KEY ID NAME
set -euo pipefail
curl -sSf -H "Authorization: Basic $2" "$1/customers/$3" \
  | jq -c --arg name "$4" '.firstName = $name' \
  | curl -sSf -o /dev/null -X PUT -H "Authorization: Basic $2" -H 'Content-Type: application/json' \
    --data-binary @- "$1/customers"
