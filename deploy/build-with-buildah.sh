#!/usr/bin/env bash
# Builds a stage of the Dockerfile as an engine does, with buildah (1.28 or later) and no daemon, and mounts it:
#   sudo deploy/build-with-buildah.sh <folder> <stage>
# prints one JSON line, as run-image-steps.mjs does: the image's root, environment, user, health check and command.
# Where no registry can be reached, a stand-in takes the base image's place, and `base` says so: Debian's minimal system
# by debootstrap, with this machine's Node and the npm that its release brings.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 stage=$2
base=$(awk '$1 == "FROM" { print $2; exit }' deploy/Dockerfile)
readonly NPM_OF_BASE=10.8.2 # Node 20.20.2's

fail() { printf '%s\n' "build-with-buildah: $*" >&2; exit 1; }
buildah() { command buildah --root "$folder/storage" --runroot "$folder/run" "$@"; }

stand_in() {
  local system=$folder/system container
  [[ $base == node:${1#v}-bookworm-slim ]] || fail "a stand-in for $base needs that Node on this machine, which has $1"
  debootstrap --variant=minbase bookworm "$system" >&2
  install -D "$(node -p process.execPath)" "$system/usr/local/bin/node"
  npm pack --silent --pack-destination "$folder" "npm@$NPM_OF_BASE" >&2
  mkdir -p "$system/usr/local/lib/node_modules/npm"
  tar -xzf "$folder/npm-$NPM_OF_BASE.tgz" -C "$system/usr/local/lib/node_modules/npm" --strip-components=1
  for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$system/usr/local/bin/$name"; done
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$system" / >&2
  buildah commit --quiet --format docker --rm "$container" "docker.io/library/$base" >&2
  rm -rf "$system"
}

if buildah pull --quiet "docker.io/library/$base" >&2; then
  from="$base of the registry"
else
  from="a stand-in for $base (debootstrap's bookworm, this machine's Node, npm $NPM_OF_BASE)"
  echo "No $base from the registry: making $from." >&2
  stand_in "$(node --version)"
fi

# A proxy's certificate authority, where there is one, is for the steps that download, and not for the image.
: >"$folder/npmrc"
certificates=${NODE_EXTRA_CA_CERTS:-$folder/npmrc}
[ "$certificates" = "$folder/npmrc" ] || echo 'cafile=/run/certificates.crt' >"$folder/npmrc"
# npm opens more files at once than buildah allows by itself: EMFILE.
files=$(ulimit -Hn)
# Of the formats only Docker's has health checks.
buildah build --isolation chroot --format docker --pull-never --ulimit "nofile=$files:$files" \
  --volume "$folder/npmrc:/usr/local/etc/npmrc:ro" --volume "$certificates:/run/certificates.crt:ro" \
  --file deploy/Dockerfile --target "$stage" --tag modelgraph:check . >&2

root=$(buildah mount "$(buildah from --pull-never localhost/modelgraph:check)")
buildah inspect --type image localhost/modelgraph:check | node -e '
  const { Docker: { config } } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const [root, base] = process.argv.slice(1);
  console.log(JSON.stringify({
    base,
    root,
    workdir: config.WorkingDir,
    environment: Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2))),
    user: config.User,
    command: [...(config.Entrypoint ?? []), ...config.Cmd],
    healthcheck: config.Healthcheck.Test.slice(1),
    volume: Object.keys(config.Volumes)[0],
  }));' "$root" "$from"
