#!/bin/sh
# The server on 8080, restarted when src/ changes, and the app with hot reload on 5173. Ctrl-C stops both.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh dev
scripts/install_web.sh
[ -d src/osler/web_dist ] || scripts/build_web.sh
(cd web && exec ../scripts/node.sh npm run --silent dev) &
vite=$!
trap 'kill "$vite" 2>/dev/null || true' EXIT INT TERM
changed() { find src/osler -name '*.py' -newer "$1" -print -quit; }
while :; do
    mark=$(mktemp)
    .venv/bin/osler serve --demo &
    server=$!
    trap 'kill "$server" "$vite" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT INT TERM
    while kill -0 "$server" 2>/dev/null && [ -z "$(changed "$mark")" ]; do sleep 1; done
    rm -f "$mark"
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || exit 1
done
