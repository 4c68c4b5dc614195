#!/usr/bin/env bash
# Builds tests/abi/1.0/abi_1_0.so, a task in plain C, from the released header alone. It was run once, when ABI 1.0 was
# frozen, and its product is kept in the repository: a binary of that day, which must load in every later 1.x host.
#
#   tests/abi/build_1_0.sh [FILE]      writes FILE instead
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$(realpath -m "${1:-$root/tests/abi/1.0/abi_1_0.so}")
cd "$root/tests/abi/1.0"
# shellcheck disable=SC2054,SC2191  # the commas and = are the linker's
flags=(
  -std=c11 -pedantic-errors -Wall -Wextra -Werror -Os -DNDEBUG -fPIC -fvisibility=hidden
  -fno-ident -fno-asynchronous-unwind-tables -fno-stack-protector -ffile-prefix-map="$root"=.
  -I "$root/sdk/abi/1.0"
  -shared -s -Wl,--version-script="$root/sdk/cmake/sojourn_plugin.map" -Wl,-z,defs -Wl,--build-id=none
)
gcc "${flags[@]}" -o "$out" plugin.c
size=$(stat -c %s "$out")
echo "$out: $size bytes, SHA-256 $(sha256sum "$out" | cut -d' ' -f1), $(gcc --version | head -n 1)"
[[ $size -lt 50000 ]] || { echo "50,000 bytes or more" >&2; exit 1; }
