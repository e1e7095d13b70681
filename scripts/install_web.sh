#!/bin/sh
# Installs the packages of web/ exactly as package-lock.json names them.
set -eu
cd "$(dirname "$0")/../web"
stamp=node_modules/.installed
if [ -e "$stamp" ] && [ ! package-lock.json -nt "$stamp" ]; then
    exit 0
fi
echo "Installing the app's packages (once; about half a minute)"
../scripts/node.sh npm ci --loglevel=error --no-audit --no-fund
touch "$stamp"
