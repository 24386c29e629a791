#!/usr/bin/env bash
# Clients of other projects, unmodified, against our doors. They come from PyPI, into an environment of their own; where
# that cannot be had, this says so and is no failure. PERF_ANALYZER=/path runs Triton's load generator, too.
set -euo pipefail
cd "$(dirname "$0")/.."
requirements=test/conformance/clients/requirements.txt
environment=.ci/.venv

not_run() {
  printf '\n!!! NOT RUN: clients of other projects (%s). %s\n\n' "$requirements" "$1" >&2
  exit 0
}
if ! cmp -s "$requirements" "$environment/installed.txt"; then
  rm -rf "$environment"
  python3 -m venv "$environment" || not_run "There is no Python 3 with venv."
  pip() { "$environment/bin/pip" --quiet --disable-pip-version-check "$@"; }
  pip download --no-deps --dest "$environment/probe" "$(grep -m1 numpy "$requirements")" || not_run "PyPI cannot be reached."
  pip install -r "$requirements" || not_run "PyPI has not all of them."
  cp "$requirements" "$environment/installed.txt"
fi
CLIENTS_PYTHON="$PWD/$environment/bin/python" npx jest --selectProjects conformance --testPathPatterns 'conformance/clients'
