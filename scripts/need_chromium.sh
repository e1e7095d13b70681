#!/bin/sh
# Makes sure that the browser tests have a Chromium: the one in $CHROMIUM, on PATH, or Debian's (installed when we are root).
set -eu
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    exit 0
fi
echo "The browser tests need Chromium. Install it with: sudo apt-get install chromium   (or name one in CHROMIUM)" >&2
exit 1
