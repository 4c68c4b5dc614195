# What the scripts of this folder share. To be sourced.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=$root/.venv/bin/python
# The compiler cache serves every clone and build folder of the sources.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Runs a command without its output, which is shown only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  ((status == 0)) || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# build PRESET [TARGET...]: configures build/PRESET where that is needed, and builds the targets (all).
build() {
  local preset=$1 folder=$root/build/$1
  shift
  # Ninja configures again by itself when a CMakeLists.txt changed, but doesn't know of another torch.
  if [[ ! -e $folder/build.ninja || $root/.venv/installed -nt $folder/build.ninja ]]; then
    (cd "$root" && quietly cmake --preset "$preset" -DSOJOURN_PYTHON="$python") || return
  fi
  if [[ -t 1 ]]; then
    ninja -C "$folder" --quiet "$@"  # on a terminal ninja keeps one living line
  else
    quietly ninja -C "$folder" "$@"
  fi
}

# Where the starter encoder is kept; the default of make_encoder.py.
encoder_folder() { say "${XDG_CACHE_HOME:-$HOME/.cache}/sojourn/multilingual-e5-small"; }
