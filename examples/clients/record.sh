#!/usr/bin/env bash
# Records a terrain for some seconds and downloads the MP4, with curl alone.
#   PADELVAR_TOKEN=$(padelvar token --role SUPER_ADMIN) examples/clients/record.sh TERRAIN SECONDS
set -euo pipefail
terrain=${1:?terrain id}
seconds=${2:-10}
base=${PADELVAR_URL:-http://127.0.0.1:5000}

api() { # METHOD PATH [JSON]
  curl --silent --show-error --fail-with-body --request "$1" "$base$2" \
    --header "Authorization: Bearer ${PADELVAR_TOKEN:?a token}" \
    --header 'Content-Type: application/json' ${3:+--data "$3"}
}
member() { # NAME: the first text member of that name in the JSON on stdin
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

session=$(api POST /api/video/session/create "{\"terrain_id\": \"$terrain\"}" | member session_id)
echo "session $session" >&2
api POST /api/video/record/start "{\"session_id\": \"$session\"}" >&2
sleep "$seconds"
api POST /api/video/record/stop "{\"session_id\": \"$session\"}" >&2
api GET "/api/video/files/$session/download" >"$session.mp4"
echo "$session.mp4"
