#!/usr/bin/env bash
# Servers of other projects that speak the Open Inference Protocol, unmodified: our backend asks NVIDIA Triton, KServe's
# and MLServer, and our doors are compared with Triton's. Each comes from PyPI, into an environment of its own, since
# their pins exclude each other; what of them cannot be had is said to be missing, and is no failure. On two cores the
# tests take 40 to 60 s, and on a clean checkout the environments another minute. With FETCH_ONLY=1 these are only made.
set -euo pipefail
cd "$(dirname "$0")/.."
servers=test/conformance/servers

not_run() {
  printf '\n!!! NOT RUN: the tests against %s. %s\n\n' "$1" "$2" >&2
}
# Installs once what a file asks for; fails where it cannot be had.
has() {
  local file="$servers/requirements-$1.txt" environment=".ci/.venv-$1"
  shift
  cmp -s "$file" "$environment/installed.txt" && return
  rm -rf "$environment"
  python3 -m venv "$environment" &&
    "$environment/bin/pip" --quiet --disable-pip-version-check install "$@" -r "$file" >&2 &&
    cp "$file" "$environment/installed.txt"
}
# What PyTriton's wheel is built for, and the Pythons that it has a program for.
runs_triton() {
  [ "$(uname -sm)" = 'Linux x86_64' ] || return
  local glibc
  glibc="$(getconf GNU_LIBC_VERSION 2>/dev/null)" || return
  printf '2.35\n%s\n' "${glibc#glibc }" | sort -CV || return
  python3 -c 'import sys; sys.exit(not (3, 8) <= sys.version_info < (3, 14))'
}
missing='There is no Python 3 with venv, or PyPI has not all that it needs.'

if ! runs_triton; then not_run 'NVIDIA Triton' 'It runs on Linux, x86-64, glibc 2.35 or newer, with Python 3.8 to 3.13.'
elif has triton --no-deps; then export TRITON_PYTHON="$PWD/.ci/.venv-triton/bin/python"
else not_run 'NVIDIA Triton' "$missing"; fi
if has kserve; then export KSERVE_PYTHON="$PWD/.ci/.venv-kserve/bin/python"
else not_run "KServe's server" "$missing"; fi
if has mlserver; then export MLSERVER_PYTHON="$PWD/.ci/.venv-mlserver/bin/python"
else not_run 'MLServer' "$missing"; fi
if [ -n "${FETCH_ONLY:-}" ]; then exit; fi
npx jest --selectProjects conformance --testPathPatterns 'conformance/(v2-servers|triton)'
