#!/bin/bash
# usage: t NAME=VALUE ... ; prints exit code, elapsed and output
t() {
  rm -rf /tmp/w/opsrun/st; mkdir -p /tmp/w/opsrun/st
  s=$(date +%s.%N)
  env -i PATH=$PATH PORT=0 GRPC_PORT=0 ONNX_WORKERS=1 MODEL_STORE=/tmp/w/opsrun/st "$@" timeout -s TERM ${LIM:-8} node --enable-source-maps /tmp/w/ops/dist/src/main.js >o 2>e; rc=$?
  echo "=== $* -> rc $rc $(echo "$(date +%s.%N)-$s"|bc)"; cut -c1-700 o; cut -c1-700 e
}
