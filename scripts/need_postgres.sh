#!/bin/sh
# Prints the bin folder of a system PostgreSQL (our floor is 15) for the second run of the database tests; installs Debian's when we are root.
# Exit 1 when there is none and none can be installed.
set -eu
find_bin() {
    for folder in /usr/lib/postgresql/*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && best=$folder
    done
    [ -n "${best:-}" ] && echo "$best"
}
find_bin && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1 || true
    find_bin && exit 0
fi
exit 1
