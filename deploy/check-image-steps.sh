#!/usr/bin/env bash
# Proves, without a container engine, what can be proven of the containers; deploy/README.md says what cannot.
#   sudo deploy/check-image-steps.sh            (Linux, root: it needs namespaces of its own; about a minute)
#   sudo deploy/check-image-steps.sh buildah    (the same of an image that buildah builds; about three minutes)
# 1. docker-compose.yml and the Kubernetes manifests are well-formed.
# 2. The Dockerfile's steps run: install, build, prune.
# 3. The result runs as user 10001 without capabilities, as process 1, on a root that is read-only everywhere but
#    in the store and /tmp; it becomes ready, answers its health check and an authenticated call, and stops when told.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "check-image-steps: $*"; }
fail() { say "FAILED: $*" >&2; exit 1; }
[ "$(uname -s)" = Linux ] || fail 'needs Linux'
[ "$(id -u)" = 0 ] || fail 'needs root, for mounts in a namespace of its own'

case "${1:-steps}" in
  steps) build=(node deploy/run-image-steps.mjs) ;;
  buildah) build=(deploy/build-with-buildah.sh) ;;
  *) fail "$1 is not known: expected nothing, or buildah" ;;
esac

work=$(mktemp -d)
unshared=
cleanup() {
  # With it ends process 1 of its namespace, and with that everything in there, the mounts too.
  if [ -n "$unshared" ]; then
    kill -KILL "$unshared" 2>/dev/null || true
    wait "$unshared" 2>/dev/null || true
  fi
  # What buildah has mounted, the innermost first.
  awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts | tac | xargs -r -n 1 umount
  rm -rf "$work"
}
trap cleanup EXIT
trap 'say "FAILED at line $LINENO" >&2' ERR

# --- 1. Compose and Kubernetes -----------------------------------------------------------------------------------
if docker compose version >/dev/null 2>&1; then compose=(docker compose)
elif docker-compose version >/dev/null 2>&1; then compose=(docker-compose)
else compose=(); fi

if [ ${#compose[@]} -gt 0 ]; then
  for profile in '' gpu; do
    COMPOSE_PROFILES=$profile POSTGRES_PASSWORD=check "${compose[@]}" -f docker-compose.yml config -q
  done
  if env -u POSTGRES_PASSWORD "${compose[@]}" --env-file /dev/null -f docker-compose.yml config -q 2>/dev/null; then
    fail 'docker-compose.yml must refuse to start without POSTGRES_PASSWORD'
  fi
  say "docker-compose.yml: valid by $("${compose[@]}" version --short), and it refuses to start without a password"
elif python3 -c 'import yaml' 2>/dev/null; then
  python3 - <<'PYTHON'
import yaml
with open('docker-compose.yml') as file:
    document = yaml.safe_load(file)
services, volumes = document['services'], document['volumes']
assert {'api', 'worker', 'postgres', 'worker-gpu'} <= services.keys()
for name, service in services.items():
    assert 'image' in service, name
    assert set(service.get('depends_on', {})) <= services.keys(), name
    assert all(volume.split(':')[0] in volumes for volume in service.get('volumes', [])), name
PYTHON
  say 'docker-compose.yml: NOT checked by compose (none here), only that it is YAML of the right shape'
else
  say 'docker-compose.yml: NOT checked (neither compose nor Python with PyYAML here)'
fi

if command -v kubernetes-validate >/dev/null; then
  kubernetes-validate --strict deploy/kubernetes/*.yaml >/dev/null
  say 'Kubernetes manifests: valid by the published schemas'
else
  say 'Kubernetes manifests: NOT checked (kubernetes-validate, of PyPI, is not here)'
fi

# --- 2. The image's steps ----------------------------------------------------------------------------------------
image=$("${build[@]}" "$work" server 2>"$work/steps.log") || { tail -30 "$work/steps.log"; fail 'a step of the Dockerfile'; }
of() { node -p "const image = JSON.parse(process.argv[1]); $1" "$image"; }
root=$(of 'image.root')
app=$root$(of 'image.workdir')
[ "$(stat -c '%u:%g %a' "$app/model-store")" = "$(of 'image.user') 700" ] || fail 'the store does not belong to the server alone'
[ ! -e "$app/node_modules/typescript" ] || fail 'development dependencies are in the image'
for native in "$app"/node_modules/onnxruntime-node/bin/napi-v6/*/*; do
  [ "${native##*/napi-v6/}" = "linux/$(node -p process.arch)" ] || fail "a foreign ONNX Runtime is in the image: $native"
done
say "steps: done, on $(of 'image.base'); what they add to the base image: $(du -sm "$app" | cut -f1) MB ($(du -sm "$app/node_modules" | cut -f1) MB of it node_modules)"

# --- 3. The result as another user, on a read-only root -----------------------------------------------------------
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
# Without a base image in it, the system is this machine's.
shared=(dev)
if [ ! -e "$root/usr" ]; then
  shared+=(usr etc)
  mkdir -p "$root"/{usr,etc,dev,proc,tmp}
  for link in bin sbin lib lib64; do ln -s "usr/$link" "$root/$link"; done
fi
store=$work/store
install -d -m 0700 -o 10001 -g 10001 "$store"

# shellcheck disable=SC2016 # $ is for the inner shell
sandbox='
  set -e
  root=$1 store=$2 volume=$3 shared=$4; shift 4
  mount --bind "$root" "$root"
  for folder in $shared; do
    mount --bind "/$folder" "$root/$folder"
    mount -o remount,bind,ro "$root/$folder"
  done
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=1777,size=256m,nosuid,nodev,noexec tmpfs "$root/tmp"
  mount --bind "$store" "$root$volume"
  mount -o remount,bind,ro "$root"
  exec chroot "$root" env -i "$@"'
# shellcheck disable=SC2016
entry='
  for file in /probe dist/probe node_modules/probe; do
    if touch "$file" 2>/dev/null; then echo "$file can be written"; exit 1; fi
  done
  touch /tmp/probe model-store/probe && rm /tmp/probe model-store/probe
  exec "$@"'
IFS=: read -r uid gid <<<"$(of 'image.user')"
mapfile -t environment < <(of 'Object.entries(image.environment).map((pair) => pair.join("=")).join("\n")')
mapfile -t command < <(of 'image.command.join("\n")')
# HOST: this check opens nothing to the network.
inside=(PATH=/usr/local/bin:/usr/bin "${environment[@]}" HOST=127.0.0.1 PORT="$port" GRPC_PORT=0)
unshare --mount --pid --fork --kill-child -- sh -c "$sandbox" sh "$root" "$store" "$(of 'image.volume')" "${shared[*]}" \
  --chdir="$(of 'image.workdir')" "${inside[@]}" \
  setpriv --reuid "$uid" --regid "$gid" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all \
  sh -c "$entry" sh "${command[@]}" >"$work/server.log" 2>&1 &
unshared=$!
give_up() { tail -20 "$work/server.log"; fail "$*"; }

mapfile -t healthcheck < <(of 'image.healthcheck.join("\n")')
# In the server's place and as its user, as an engine does.
server=
is_healthy() {
  # The file does not end with a newline, which `read` takes for an error.
  read -r server _ <"/proc/$unshared/task/$unshared/children" || [ -n "$server" ] || return 1
  nsenter --target "$server" --mount --root --wd --setuid "$uid" --setgid "$gid" env -i "${inside[@]}" "${healthcheck[@]}"
}
deadline=$((SECONDS + 90))
until is_healthy 2>"$work/health.log"; do
  kill -0 "$unshared" 2>/dev/null || give_up 'the server ended'
  [ $SECONDS -lt $deadline ] || { cat "$work/health.log"; give_up 'the server was not ready within 90 s'; }
  sleep 0.5
done
in_status() { awk -v key="$1:" '$1 == key { print $NF }' "/proc/$server/status"; }
[ "$(in_status NSpid)" = 1 ] || give_up 'the server is not process 1 of its namespace'
[ "$(in_status Uid)" = "$uid" ] || give_up "the server does not run as user $uid"
[ "$(in_status CapEff)$(in_status CapBnd)" = 00000000000000000000000000000000 ] || give_up 'the server has capabilities'
say "server: ready as user $uid without capabilities, as process 1, on a read-only root"

ask() { curl -sS -m 10 "http://127.0.0.1:$port/graphql" -H 'content-type: application/json' -d '{"query":"{ __typename }"}' "$@"; }
answer=$(ask -H "authorization: Bearer $(cat "$store/admin.key")")
[ "$answer" = '{"data":{"__typename":"Query"}}' ] || give_up "an authenticated call was answered: $answer"
[ "$(ask -o /dev/null -w '%{http_code}')" = 401 ] || give_up 'a call without a credential was answered'
say 'server: answered an authenticated call, and refused one without a credential'

# Training, gates, promotion and 4,000 predictions, from outside.
if [ -d node_modules/@swc ]; then
  MODELGRAPH_URL=http://127.0.0.1:$port MODELGRAPH_KEY=$(cat "$store/admin.key") npm run --silent demo >"$work/demo.log" 2>&1 ||
    { tail -20 "$work/demo.log"; give_up 'the demo'; }
  say 'server: the demo went through, predictions too'
else
  say 'server: the demo was NOT run (it needs the packages of this repository: npm ci)'
fi

stopping_at=$SECONDS
kill -TERM "$server"
code=0
wait "$unshared" || code=$?
unshared=
[ "$code" = 0 ] || give_up "the server ended with $code when it was told to stop"
say "server: stopped within $((SECONDS - stopping_at + 1)) s of SIGTERM, with exit code 0"
say 'all passed'
