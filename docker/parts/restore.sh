# Brings back what backup.sh wrote to /backup: images, storage, database. Only into what is empty.
set -euo pipefail
url=$(cat /run/secrets/database_url)
psql --quiet "$url" --command 'SELECT 1' >/dev/null
tables=$(psql --tuples-only --no-align "$url" --command "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
if [[ $tables != 0 ]]; then
    echo "The database has $tables tables already: a backup is only brought back into an empty one." >&2
    exit 1
fi
(cd /backup && sha256sum --quiet --check SHA256SUMS)
tar --extract --numeric-owner --preserve-permissions --skip-old-files --file /backup/registry.tar --directory /registry
# What the storage still has is not older than the backup.
tar --extract --numeric-owner --preserve-permissions --skip-old-files --file /backup/storage.tar --directory /storage
pg_restore --no-owner --exit-on-error --single-transaction --dbname "$url" /backup/database.dump
