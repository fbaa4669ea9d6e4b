# Writes one backup into /backup: database, storage, images, secrets. It has its name when it is whole.
set -euo pipefail
umask 077
name=$(date --utc +%Y%m%dT%H%M%SZ)
draft=/backup/.draft-$name
mkdir "$draft"

# A file may grow while it is read: that is no reason to have no backup.
pack() { tar --create --numeric-owner --sparse --file "$draft/$1.tar" --directory "$2" . || [[ $? == 1 ]]; }

# The database first: what it knows of is on the storage then.
pg_dump --format custom --no-owner --file "$draft/database.dump" "$(cat /run/secrets/database_url)"
pack storage /storage
pack registry /registry
mkdir "$draft/secrets"
cp /run/secrets/* "$draft/secrets/"
(cd "$draft" && find . -type f ! -name SHA256SUMS -exec sha256sum {} + > SHA256SUMS)
sync "$draft"
mv "$draft" "/backup/$name"
echo "$name"
