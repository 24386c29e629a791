#!/usr/bin/env bash
# Prints how to start Triton's load generator, unmodified. It was in the wheels of tritonclient until they left it out;
# 2.51.0 is the last whose binary runs on glibc 2.34. Two libraries that it is linked to, though nothing of them is used
# here, come from PyPI and Debian. Nothing is installed, only unpacked. Where that cannot be had, it says so and fails.
set -euo pipefail
readonly wheel='tritonclient==2.51.0' cuda='nvidia-cuda-runtime-cu12==12.9.79'
# Old servers of packages may not answer at all, in s.
readonly patience=60

give_up() {
  printf '\n!!! NOT RUN: perf_analyzer. %s\n\n' "$*" >&2
  exit 1
}
[ "$(uname -sm)" = 'Linux x86_64' ] || give_up 'There is a binary for Linux x86-64 only.'

kept="${XDG_CACHE_HOME:-$HOME/.cache}/modelgraph/perf-analyzer-2.51.0"
start="$kept/perf_analyzer"
if ! "$start" --version >/dev/null 2>&1; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  for package in "$wheel" "$cuda"; do
    timeout "$patience" python3 -m pip --quiet --disable-pip-version-check download --no-deps --only-binary :all: \
      --dest "$work" "$package" >&2 || give_up "PyPI gave no $package."
  done
  for file in "$work"/*.whl; do python3 -m zipfile -e "$file" "$work/unpacked"; done
  if ! ldconfig -p | grep -q 'libb64\.so\.0d'; then
    (cd "$work" && timeout "$patience" apt-get download -qq libb64-0d && dpkg-deb -x libb64-0d_*.deb unpacked) >&2 ||
      give_up "Debian's package libb64-0d cannot be had."
  fi
  mkdir -p "$kept/lib"
  find "$work/unpacked" \( -name 'libb64.so.0d*' -o -name 'libcudart.so.12' \) -exec cp -L {} "$kept/lib/" \;
  install -m 755 "$work"/unpacked/tritonclient-*.data/data/bin/perf_analyzer "$kept/perf_analyzer.bin"
  cat >"$start" <<'END'
#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH="$here/lib" exec "$here/perf_analyzer.bin" "$@"
END
  chmod 755 "$start"
  "$start" --version >/dev/null || give_up 'What was unpacked does not run on this machine.'
fi
echo "$start"
