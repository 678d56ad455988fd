#!/usr/bin/env bash
# Records a terrain for some seconds, looks at it meanwhile, and fetches the MP4, with curl alone.
#   PADELVAR_TOKEN=$(padelvar token --role SUPER_ADMIN) examples/clients/record.sh TERRAIN SECONDS
# The last line on stdout is the MP4's name; the answers are on stderr.
set -euo pipefail
terrain=${1:?terrain id}
seconds=${2:-10}
base=${PADELVAR_URL:-http://127.0.0.1:5000}
jar=$(mktemp)
events=
trap 'rm -f "$jar"; test -z "$events" || kill "$events" 2>/dev/null || true' EXIT

api() { # METHOD PATH [JSON]
  curl --silent --show-error --fail-with-body --request "$1" "$base$2" \
    --header "Authorization: Bearer ${PADELVAR_TOKEN:?a token}" \
    --header 'Content-Type: application/json' ${3:+--data "$3"}
}
look() { # PATH [OPTION...]: with the cookie, as a browser does
  curl --silent --show-error --fail --cookie "$jar" "$base$1" "${@:2}"
}
member() { # NAME: the first text member of that name in the JSON on stdin
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

# What happens from here on, as it happens.
curl --silent --no-buffer "$base/api/video/events" \
  --header "Authorization: Bearer $PADELVAR_TOKEN" >&2 &
events=$!

session=$(api POST /api/video/session/create "{\"terrain_id\": \"$terrain\"}" | member session_id)
echo "session $session" >&2
api POST /api/video/record/start "{\"session_id\": \"$session\"}" >&2

# A picture, by the cookie.
curl --silent --show-error --fail --request POST "$base/api/auth/cookie" --cookie-jar "$jar" \
  --header "Authorization: Bearer $PADELVAR_TOKEN"
look "/api/preview/$session/snapshot.jpg" --output "$session.jpg"

sleep "$seconds"
api POST /api/video/record/stop "{\"session_id\": \"$session\"}" >&2

# The newest files; then the first kilobyte of ours, and the rest as after a lost connection.
api GET '/api/video/files/list?limit=5' >&2
look "/api/video/files/$session/download" --range 0-1023 --output "$session.mp4"
look "/api/video/files/$session/download" --continue-at - --output "$session.mp4"
echo "$session.mp4"
