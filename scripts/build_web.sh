#!/bin/sh
# Builds web/ into src/osler/web_dist, once per change of its sources.
set -eu
cd "$(dirname "$0")/.."
stamp=src/osler/web_dist/.built
if [ -e "$stamp" ] && [ -z "$(find web -path web/node_modules -prune -o -type f -newer "$stamp" -print | head -n 1)" ]; then
    exit 0
fi
scripts/install_web.sh
echo "Building the app"
log=$(mktemp)
if ! (cd web && ../scripts/node.sh npm run --silent build) > "$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
rm -f "$log"
touch "$stamp"
