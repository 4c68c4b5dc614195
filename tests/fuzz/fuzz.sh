#!/bin/sh
# Fuzzes under the address and undefined-behaviour sanitizers:
#
#   tests/fuzz/fuzz.sh [SECONDS [SEED]]     an hour, with another seed each day, unless given
#
# Ends at the first input that breaks something, and leaves it as build/asan/tests/fuzz/TARGET.crash;
# build/asan/bin/sojourn_fuzz --replay FILE TARGET runs it again.
set -eu
cd "$(dirname "$0")/../.."
cmake --preset asan > /dev/null
cmake --build --preset asan --target sojourn_fuzz
exec build/asan/bin/sojourn_fuzz --seconds "${1:-3600}" --seed "${2:-$(date +%Y%m%d)}" --keep build/asan/tests/fuzz
