# PostgreSQL: makes its data folder on the first start, and takes its password from the secret at every start.
set -eu
umask 077
data=/var/lib/era/database/data
draft=/var/lib/era/database/draft

single() { postgres --single -D "$1" postgres >/dev/null; }

if [ ! -d "$data" ]; then
    # Made beside its place and moved there when whole: a start that was broken off leaves nothing half made.
    rm -rf "$draft"
    initdb -D "$draft" --username=postgres --encoding=UTF8 --locale=C --locale-provider=builtin \
        --builtin-locale=C.UTF-8 --auth-local=reject --auth-host=scram-sha-256 --no-instructions >/dev/null
    echo "host all all all scram-sha-256" >> "$draft/pg_hba.conf"
    printf '%s\n' "CREATE ROLE era LOGIN CREATEDB;" "CREATE DATABASE era OWNER era;" | single "$draft"
    mv "$draft" "$data"
fi
rm -f "$data/postmaster.pid" # of a container that is gone: two at once are kept apart by Swarm's one replica
echo "ALTER ROLE era PASSWORD '$(cat /run/secrets/database_password)';" | single "$data"
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories= -c log_checkpoints=off \
    -c max_connections="${MAX_CONNECTIONS:-200}" -c shared_buffers="${SHARED_BUFFERS:-256MB}"
