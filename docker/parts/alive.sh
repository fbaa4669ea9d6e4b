# Whether this container does its work: `alive.sh web` asks it, `alive.sh SECONDS` looks at its last sign of life.
set -eu
if [ "$1" = web ]; then
    exec 3<>/dev/tcp/127.0.0.1/8000
    printf 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
    read -r line <&3
    [[ $line == *" 200 "* ]]
else
    find /tmp/alive -newermt "-$1 seconds" | grep -q .
fi
