#!/usr/bin/env bash
# The shared prediction cache on the stores that there are besides Redis: what their packages from npm do with them. The
# packages go into a folder of their own, since nobody needs all of them. What is missing is said, and is no failure:
# memcached and etcd are programs on PATH, DynamoDB is moto's server of .ci/s3.sh, PostgreSQL is at DATABASE_URL, MySQL or
# MariaDB at MYSQL_URL, a database that may be written to: only where it is named, see src/serving/cache/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
adapters=.ci/cache-stores-adapters.txt
folder="$PWD/.ci/.cache-stores"
stores="sqlite"

not_run() {
  printf '\n!!! NOT RUN: the shared prediction cache on %s. %s\n\n' "$1" "$2" >&2
}
if ! cmp -s "$adapters" "$folder/installed.txt"; then
  rm -rf "$folder" && mkdir -p "$folder" && echo '{"private": true}' >"$folder/package.json"
  if ! grep -v '^#' "$adapters" | xargs npm install --prefix "$folder" --no-save --no-fund --no-audit --silent; then
    not_run 'Memcached, DynamoDB, etcd, PostgreSQL, MySQL and SQLite' "npm has not all of $adapters."
    exit 0
  fi
  cp "$adapters" "$folder/installed.txt"
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
