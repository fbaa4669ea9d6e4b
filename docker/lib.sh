# What deploy, backup, restore and manage share: names, messages, secrets, and commands that run once in the Swarm.

STACK=${STACK:-era}
PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TARGETS=(registry proxy database broker portal)
SECRET_NAMES=(secret_key database_password database_url broker_password broker_url registry_password registry_config metrics_token)

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# One file says what differs from the defaults: for these commands, and as environment of all of the platform.
read_settings() {
    local file=${ERA_DEPLOY_ENV:-/etc/era/deploy.env} line
    if [[ -e $file ]]; then
        while IFS= read -r line || [[ -n $line ]]; do
            [[ $line =~ ^([A-Z_]+)=(.*)$ ]] || continue
            [[ -n ${!BASH_REMATCH[1]:-} ]] || export "${BASH_REMATCH[1]}=${BASH_REMATCH[2]}"
        done < "$file"
    elif [[ -n ${ERA_DEPLOY_ENV:-} ]]; then
        fail "ERA_DEPLOY_ENV names $file, and there is no such file."
    else
        file=/dev/null
    fi
    export ERA_DEPLOY_ENV=$file
}

set_defaults() {
    export STACK
    export ERA_HOST=${ERA_HOST:-$(docker info --format '{{.Swarm.NodeAddr}}')}
    export ERA_HTTP_PORT=${ERA_HTTP_PORT:-80} ERA_HTTPS_PORT=${ERA_HTTPS_PORT:-443}
    export ERA_REGISTRY_PORT=${ERA_REGISTRY_PORT:-5000} ERA_DOCKER_SOCKET=${ERA_DOCKER_SOCKET:-/var/run/docker.sock}
    export ERA_STORAGE_ROOT=${ERA_STORAGE_ROOT:-/srv/era/storage}
    export ERA_WEB_REPLICAS=${ERA_WEB_REPLICAS:-2}
    export ERA_ACCEL_PREFIX=${ERA_ACCEL_PREFIX-/_storage/}
    export ERA_BACKGROUND_REPLICAS=${ERA_BACKGROUND_REPLICAS:-1}
    export ERA_AGENTS_ON=${ERA_AGENTS_ON:-node.platform.os == linux}
    local port=""
    [[ $ERA_HTTPS_PORT == 443 ]] || port=:$ERA_HTTPS_PORT
    export ERA_PUBLIC_URL=${ERA_PUBLIC_URL:-https://$ERA_HOST$port}
    export ALLOWED_HOSTS=${ALLOWED_HOSTS:-$ERA_HOST},localhost
    # What the names of images begin with, on all nodes; it leads to the node that keeps the data.
    REGISTRY=${ERA_REGISTRY:-$ERA_HOST:$ERA_REGISTRY_PORT}
    SELF=$(docker info --format '{{.Swarm.NodeID}}')
}

# --- the Swarm ----------------------------------------------------------------------------------------
check_swarm() {
    local missing=() state node
    docker version >/dev/null 2>&1 || fail "Docker does not answer at ${DOCKER_HOST:-/var/run/docker.sock}: start it, or set DOCKER_HOST."
    state=$(docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}')
    case $state in
        "active true") ;;
        "active false") fail "This node is a worker of its Swarm: run this on a manager (docker node ls there tells them)." ;;
        *) fail "This node is in no Swarm ($state): docker swarm init --advertise-addr ADDRESS, then join the other nodes." ;;
    esac
    while read -r node state; do
        [[ $state == Ready ]] || missing+=("node $node is $state: bring it back, or docker node rm it")
    done < <(docker node ls --format '{{.Hostname}} {{.Status}}')
    set_defaults
    [[ -d $ERA_STORAGE_ROOT ]] || missing+=("the storage $ERA_STORAGE_ROOT is not here: mount it at this path on every node, or set ERA_STORAGE_ROOT")
    [[ -S $ERA_DOCKER_SOCKET ]] || missing+=("there is no socket at $ERA_DOCKER_SOCKET: set ERA_DOCKER_SOCKET to where Docker's is on managers")
    local keeper
    keeper=$(data_node)
    [[ -z $keeper || $keeper == "$SELF" ]] || missing+=("the data is kept on node $keeper (label era.data): run this there")
    if ((${#missing[@]})); then
        printf 'Missing:\n' >&2
        printf '  %s\n' "${missing[@]}" >&2
        exit 1
    fi
}

data_node() { docker node ls --quiet --filter node.label=era.data=true | head -n 1; }

is_deployed() { docker service inspect "${STACK}_$1" >/dev/null 2>&1; }

# --- secrets ------------------------------------------------------------------------------------------
# The generation that is in use, or the newest one where nothing runs.
generation() {
    if is_deployed database; then
        docker service inspect --format '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{println .SecretName}}{{end}}' \
            "${STACK}_database" | sed -n "s/^${STACK}_database_password_//p"
    else
        docker secret ls --format '{{.Name}}' | sed -n "s/^${STACK}_secret_key_\([0-9]*\)$/\1/p" | sort -n | tail -n 1
    fi
}

random() { head -c 36 /dev/urandom | base64 --wrap=0 | tr '+/' '-_'; }

keep_secret() { # NAME GENERATION, its value on standard input
    docker secret create --label era.stack="$STACK" "${STACK}_$1_$2" - >/dev/null
}

make_secrets() { # GENERATION
    local database broker registry
    database=$(random) broker=$(random) registry=$(random)
    printf %s "$(random)" | keep_secret metrics_token "$1"
    printf %s "$database" | keep_secret database_password "$1"
    printf %s "postgres://era:$database@database:5432/era" | keep_secret database_url "$1"
    printf %s "$broker" | keep_secret broker_password "$1"
    printf %s "redis://:$broker@broker:6379/0" | keep_secret broker_url "$1"
    printf %s "$registry" | keep_secret registry_password "$1"
    printf '{"auths": {"%s": {"auth": "%s"}}}' "$REGISTRY" "$(printf %s "era:$registry" | base64 --wrap=0)" |
        keep_secret registry_config "$1"
    printf %s "$(random)$(random)" | keep_secret secret_key "$1" # the last one: it says that all are there
}

forget_secrets() { # GENERATION
    local name
    for name in "${SECRET_NAMES[@]}"; do docker secret rm "${STACK}_${name}_$1" >/dev/null 2>&1 || true; done
}

# --- commands that run once ---------------------------------------------------------------------------
# once NAME IMAGE OPTION… -- COMMAND…: on this node, so that its output can be read here. Its exit code is ours.
once() {
    local name=${STACK}_once_$1_$$ image=$2 options=() state container code=1
    shift 2
    while [[ $1 != -- ]]; do options+=("$1"); shift; done
    shift
    docker service create --detach --quiet --no-resolve-image --endpoint-mode dnsrr --name "$name" \
        --restart-condition none --constraint "node.id==$SELF" "${options[@]}" "$image" "$@" >/dev/null || return 1
    while :; do
        state=$(docker service ps --no-trunc --format '{{.CurrentState}}: {{.Error}}' "$name" | head -n 1)
        case $state in
            Complete*) code=0; break ;;
            Failed* | Rejected* | Shutdown* | Orphaned* | Remove*) break ;;
        esac
        sleep 0.3
    done
    container=$(docker ps --all --quiet --filter "label=com.docker.swarm.service.name=$name" | head -n 1)
    if [[ -n $container ]]; then docker logs "$container"; fi
    docker service rm "$name" >/dev/null
    if [[ -n $container ]]; then docker rm --force "$container" >/dev/null 2>&1 || true; fi
    ((code == 0)) || echo "$name: $state" >&2
    return "$code"
}

# The platform's own programs, as the worker has them.
once_platform() { # NAME GENERATION COMMAND…
    local name=$1 generation=$2 secret options=()
    shift 2
    for secret in secret_key database_url broker_url metrics_token; do
        options+=(--secret "source=${STACK}_${secret}_$generation,target=$secret")
    done
    once "$name" "$PORTAL_IMAGE" "${options[@]}" \
        --env-file "$ERA_DEPLOY_ENV" --env ERA_ENGINE=swarm --env "ERA_STORAGE_ROOT=$ERA_STORAGE_ROOT" \
        --env "ERA_PUBLIC_URL=$ERA_PUBLIC_URL" --env "ALLOWED_HOSTS=$ALLOWED_HOSTS" \
        --env SECRET_KEY_FILE=/run/secrets/secret_key --env DATABASE_URL_FILE=/run/secrets/database_url \
        --env REDIS_URL_FILE=/run/secrets/broker_url --env ERA_METRICS_TOKEN_FILE=/run/secrets/metrics_token \
        --user 0:0 --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER \
        --read-only --mount type=tmpfs,target=/tmp --network "${STACK}_back" \
        --mount "type=bind,source=$ERA_STORAGE_ROOT,target=$ERA_STORAGE_ROOT" \
        --mount "type=bind,source=$ERA_DOCKER_SOCKET,target=/var/run/docker.sock" -- "$@"
}

# --- images -------------------------------------------------------------------------------------------
# Each is named by what is in it: what did not change keeps its name, and its service is left alone.
image_variable() { echo "${1^^}_IMAGE"; }

name_images() {
    local target id
    for target in "${TARGETS[@]}"; do
        id=$(docker image inspect --format '{{.Id}}' "era/$target:built")
        docker tag "era/$target:built" "$REGISTRY/era/$target:${id:7:12}"
        export "$(image_variable "$target")=$REGISTRY/era/$target:${id:7:12}"
    done
}

# What runs now, for commands that change nothing.
running_images() {
    PORTAL_IMAGE=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "${STACK}_web")
    DATABASE_IMAGE=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "${STACK}_database")
    export PORTAL_IMAGE DATABASE_IMAGE
}

first_certificate() { sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p; /END CERTIFICATE/q'; }

# What `docker --config "$CONFIG"` knows the registry by. Only a task of the Swarm can read a secret.
log_in() { # GENERATION
    once login "$DATABASE_IMAGE" --secret "source=${STACK}_registry_config_$1,target=config" \
        -- cat /run/secrets/config > "$CONFIG/config.json"
}

CONFIG=$(mktemp -d)
trap 'rm -rf "$CONFIG"' EXIT

# What comes through is kept by the registry, so that a further try has less to send.
push_image() { # IMAGE
    local try
    for try in 1 2 3; do
        docker --config "$CONFIG" push --quiet "$1" && return
        ((try == 3)) || sleep 5
    done
    fail "The registry did not take $1."
}
