#!/usr/bin/env bash
# Runs a command against a throw-away cluster of Debian's PostgreSQL 15; fails loudly when it is not installed.
set -euo pipefail
bin=/usr/lib/postgresql/15/bin
if [ ! -x "$bin/initdb" ]; then
    echo "PostgreSQL 15 is missing: apt-get install postgresql-15" >&2
    exit 1
fi
folder=$(mktemp -d /tmp/clinic-pg15-XXXXXX)
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
stop() {
    as_postgres "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
as_postgres "$bin/initdb" -D "$folder/data" -A trust -U postgres >/dev/null
as_postgres "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-c listen_addresses='' -c max_connections=300 -c fsync=off -c full_page_writes=off -c synchronous_commit=off -k $folder" start >/dev/null
chmod 755 "$folder"
DATABASE_URL="postgresql://postgres@/postgres?host=$folder" "$@"
