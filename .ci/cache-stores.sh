#!/usr/bin/env bash
# The shared prediction cache on the stores that there are besides Redis: what their packages from npm do with them. The
# packages go into a folder of their own, since nobody needs all of them. Where npm's registry cannot be reached at all,
# nothing is tried; where it has not all of them, that is a failure. Stores that are missing are said, and are no
# failure: memcached and etcd are programs on PATH, DynamoDB is moto's server of .ci/s3.sh, Firestore an emulator from
# npm, PostgreSQL is at DATABASE_URL, MySQL or MariaDB at MYSQL_URL, a database that may be written to.
# On two cores the tests take 45 s, most of it Firestore: 25 s, etcd 9, Redis 5, DynamoDB 3, the others 1 each.
# On a clean checkout the packages take as long again. With FETCH_ONLY=1 only these are fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
adapters=.ci/cache-stores-adapters.txt
folder="$PWD/.ci/.cache-stores"
stores="sqlite firestore"

not_run() {
  printf '\n!!! NOT RUN: the shared prediction cache on %s. %s\n\n' "$1" "$2" >&2
}
# Whatever it says: one that knows no ping is there, too.
registry_answers() {
  local said
  said="$(npm ping --fetch-retries=1 --fetch-retry-mintimeout=1000 2>&1)" || grep -Eq 'code E[45][0-9][0-9]' <<<"$said"
}
if ! cmp -s "$adapters" "$folder/installed.txt"; then
  rm -rf "$folder" && mkdir -p "$folder" && echo '{"private": true}' >"$folder/package.json"
  if ! registry_answers; then
    not_run 'Memcached, DynamoDB, etcd, Firestore, PostgreSQL, MySQL and SQLite' "npm's registry cannot be reached."
    exit 0
  fi
  # SQLite's package is compiled where no binary of it can be had; without optimisation that takes a third of the time.
  if ! grep -v '^#' "$adapters" | npm_config_debug=true \
    xargs npm install --prefix "$folder" --no-save --no-fund --no-audit --loglevel=error; then
    echo "FAILED: npm answers, and cannot install what $adapters names." >&2
    exit 1
  fi
  cp "$adapters" "$folder/installed.txt"
fi
if [ -n "${FETCH_ONLY:-}" ]; then exit; fi
# The store that is asked for by name most often, and small: it is fetched, as PostgreSQL is, where that is possible.
if ! command -v memcached >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq memcached; } >/dev/null 2>&1 || true
fi
for program in memcached etcd; do
  if command -v "$program" >/dev/null; then stores="$stores $program"
  else not_run "$program" "There is no such program on PATH: apt-get install memcached etcd-server."; fi
done
MOTO_SERVER="${MOTO_SERVER:-$PWD/.ci/.venv-s3/bin/moto_server}"
if [ -x "$MOTO_SERVER" ]; then stores="$stores dynamodb"
else not_run DynamoDB 'moto is not installed: run .ci/s3.sh before.'; fi
if [ -n "${DATABASE_URL:-}" ]; then stores="$stores postgres"; else not_run PostgreSQL 'DATABASE_URL is not set.'; fi
if [ -n "${MYSQL_URL:-}" ]; then stores="$stores mysql"; else not_run MySQL 'MYSQL_URL is not set.'; fi
if [ -n "${REDIS_URL:-}" ]; then stores="$stores redis"; fi
CACHE_STORES="$stores" MOTO_SERVER="$MOTO_SERVER" NODE_PATH="$folder/node_modules" npx jest --selectProjects stores
