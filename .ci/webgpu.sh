#!/usr/bin/env bash
# Prints a folder with SwiftShader, Vulkan on the processor, and Vulkan's loader, so that the WebGPU provider can be
# tested where there is no GPU. They come with Debian's chromium; nothing is installed, only unpacked.
# Where there is neither the package nor a way to get it, it says so and fails.
set -euo pipefail
readonly files=(libvk_swiftshader.so vk_swiftshader_icd.json libvulkan.so.1)

has_all() {
  local folder=$1 file
  for file in "${files[@]}"; do [ -e "$folder/$file" ] || return 1; done
}
give_up() {
  echo "NOT TESTED: the WebGPU provider. $*" >&2
  exit 1
}

for folder in "${MODELGRAPH_SWIFTSHADER:-/nowhere}" /usr/lib/chromium; do
  if has_all "$folder"; then
    echo "$folder"
    exit 0
  fi
done

[ "$(uname -sm)" = 'Linux x86_64' ] || give_up 'SwiftShader is looked for on Linux x86-64 only.'
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || give_up 'There is no apt to get chromium-common with.'

kept="${XDG_CACHE_HOME:-$HOME/.cache}/modelgraph/swiftshader"
if ! has_all "$kept"; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # The lists may be old or empty; who may not update them may have them all the same.
  timeout 60 apt-get update -qq >&2 || true
  has_found() { [ -n "$(find "$work/usr/lib" -name "$1" -print -quit 2>/dev/null)" ]; }
  # The libraries have moved between these packages, and the loader was one of its own for long. Smallest first.
  for package in chromium-common libvulkan1 chromium; do
    if has_found libvk_swiftshader.so && has_found libvulkan.so.1; then break; fi
    (cd "$work" && timeout 120 apt-get download -qq "$package") >&2 || continue
    dpkg-deb -x "$work/$package"_*.deb "$work"
  done
  mkdir -p "$kept" || give_up "$kept cannot be made."
  for file in "${files[@]}"; do
    has_found "$file" || give_up "Debian's packages chromium-common, libvulkan1 and chromium gave no $file."
    cp -L "$(find "$work/usr/lib" -name "$file" -print -quit)" "$kept/$file"
  done
fi
echo "$kept"
