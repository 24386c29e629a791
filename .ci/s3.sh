#!/usr/bin/env bash
# The tests over a bucket, against moto's S3 server, which comes from PyPI into an environment of its own, and over
# PostgreSQL (DATABASE_URL). Where it cannot be had that is said, and is no failure. MOTO_SERVER=/path names another one.
# With FETCH_ONLY=1 it is only fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
requirements=.ci/s3-requirements.txt
environment=.ci/.venv-s3

has_server() {
  [ -n "${MOTO_SERVER:-}" ] && return
  if ! cmp -s "$requirements" "$environment/installed.txt"; then
    rm -rf "$environment"
    python3 -m venv "$environment" &&
      "$environment/bin/pip" --quiet --disable-pip-version-check install -r "$requirements" >&2 &&
      cp "$requirements" "$environment/installed.txt" || return 1
  fi
  MOTO_SERVER="$PWD/$environment/bin/moto_server"
}
if has_server; then
  export MOTO_SERVER
  if [ -n "${FETCH_ONLY:-}" ]; then exit; fi
  npm run test:s3
else
  printf '\n!!! NOT RUN: the tests over a bucket. There is no Python 3 with venv, or PyPI has not all of %s.\n\n' "$requirements" >&2
fi
