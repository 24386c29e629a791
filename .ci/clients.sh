#!/usr/bin/env bash
# Clients and load generators of other projects, unmodified, against our doors, and MLflow's own server, from which runs
# are imported. They come from PyPI, into an environment of their own; what of them cannot be had is said to be missing,
# and is no failure. PERF_ANALYZER=/path names another one of Triton's load generator than the one that is fetched.
# With FETCH_ONLY=1 it is only fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
requirements=test/conformance/clients/requirements.txt
locust=examples/locust/requirements.txt
mlflow=test/conformance/clients/requirements-mlflow.txt
environment=.ci/.venv

not_run() {
  printf '\n!!! NOT RUN: %s. %s\n\n' "$1" "$2" >&2
}
pip() { "$environment/bin/pip" --quiet --disable-pip-version-check "$@"; }
# Installs once what a file asks for; fails where it cannot be had.
has() {
  local file=$1 installed="$environment/$2.txt"
  cmp -s "$file" "$installed" && return
  pip install -r "$file" >&2 && cp "$file" "$installed"
}
# Python's own, and a way to PyPI: found out by what is small, before minutes are spent on the rest.
has_python() {
  [ -x "$environment/bin/pip" ] && return
  rm -rf "$environment"
  python3 -m venv "$environment" && pip download --no-deps --dest "$environment/probe" "$(grep -m1 numpy "$requirements")" >&2 && return
  rm -rf "$environment"
  return 1
}

if has_python; then
  if has "$requirements" installed; then export CLIENTS_PYTHON="$PWD/$environment/bin/python"
  else not_run "clients of other projects ($requirements)" 'PyPI has not all of them.'; fi
  if has "$mlflow" mlflow; then export MLFLOW_PYTHON="$PWD/$environment/bin/python"
  else not_run "MLflow's own client, and imports from its own server ($mlflow)" 'PyPI has not all that it needs.'; fi
  if has "$locust" locust; then export LOCUST="$PWD/$environment/bin/locust"
  else not_run "Locust ($locust)" 'PyPI has not all that it needs.'; fi
else
  not_run 'clients of other projects, MLflow, and Locust' 'There is no Python 3 with venv, or PyPI cannot be reached.'
fi
PERF_ANALYZER="${PERF_ANALYZER:-$(.ci/perf-analyzer.sh || true)}"
export PERF_ANALYZER
if [ -n "${FETCH_ONLY:-}" ]; then exit; fi
npx jest --selectProjects conformance --testPathPatterns 'conformance/clients'
