#!/usr/bin/env bash
# Builds policy.wasm. componentize-py is the one on PATH, or named in COMPONENTIZE_PY.
#   build.sh [OUT]
set -euo pipefail
out=$(realpath -m "${1:-policy.wasm}")
cd "$(dirname "$0")"
# --stub-wasi: the interpreter asks for files, sockets and an environment, which no plugin has.
"${COMPONENTIZE_PY:-componentize-py}" --quiet \
  --wit-path ../../wit/policy/since_v0.1.0 --world access-policy \
  componentize --stub-wasi app --output "$out"
