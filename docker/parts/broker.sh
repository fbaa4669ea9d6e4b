# Valkey, with its password out of a secret: not on the command line, where everybody could read it.
set -eu
umask 077
cat > /tmp/valkey.conf <<CONFIGURATION
bind 0.0.0.0
port 6379
requirepass $(cat /run/secrets/broker_password)
dir /var/lib/era/broker
appendonly yes
save ""
loglevel warning
CONFIGURATION
exec valkey-server /tmp/valkey.conf
