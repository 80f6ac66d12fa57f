#!/usr/bin/env bash
# The peers of the job plane on the Redis at PORT of this machine, which is emptied: `run.sh PORT JOBS`. A line of JSON each on
# standard output, all else on standard error. They are installed into the tests' cache, never into the tree; a peer that
# cannot be had, or fails, says so in its line.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${1:?usage: run.sh REDIS_PORT JOBS} jobs=${2:?usage: run.sh REDIS_PORT JOBS}
cache="${ZTM_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ztm-tests}/peers"
mkdir -p "$cache"

skip() { printf '{"peer":"%s","skipped":"%s"}\n' "$1" "$2"; }

# bench PEER CONCURRENCY COMMAND…: empties Redis and runs it; only a line of JSON reaches standard output.
bench() {
  local peer=$1 concurrency=$2 line
  shift 2
  redis-cli -h 127.0.0.1 -p "$port" flushall >&2
  if line=$(timeout 300 "$@" --redis "redis://127.0.0.1:$port" --jobs "$jobs" --concurrency "$concurrency"); then
    printf '%s\n' "$line"
  else
    skip "$peer" "its run failed or took longer than 300 s"
  fi
}

# The sources of a peer, into the cache.
install_sources() {
  mkdir -p "$cache/$1"
  cp -R "$here/$1/." "$cache/$1/"
}

# BullMQ: anew whenever its package.json changes.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  skip bullmq "there is no node and npm"
else
  install_sources bullmq
  if cmp -s "$cache/bullmq/package.json" "$cache/bullmq/node_modules/.installed" ||
    (cd "$cache/bullmq" && rm -rf node_modules package-lock.json && npm install --no-audit --no-fund --ignore-scripts >&2 &&
      cp package.json node_modules/.installed); then
    for concurrency in 50 200 750; do bench bullmq "$concurrency" node "$cache/bullmq/bench.mjs"; done
  else
    skip bullmq "npm could not install it"
  fi
fi

# apalis-redis: cargo knows what to build again.
if ! command -v cargo >/dev/null; then
  skip apalis-redis "there is no cargo"
else
  install_sources apalis
  if (cd "$cache/apalis" && nice cargo build --release --locked --quiet --target-dir "$cache/apalis/target" >&2); then
    for concurrency in 100 400; do bench apalis-redis "$concurrency" "$cache/apalis/target/release/ztm-bench-apalis"; done
  else
    skip apalis-redis "cargo could not build it"
  fi
fi

# Sidekiq is a package of the system.
if ! command -v sidekiq >/dev/null && command -v apt-get >/dev/null; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  { "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -qy --no-install-recommends ruby-sidekiq; } >&2 || true
fi
if ! command -v sidekiq >/dev/null; then
  skip sidekiq "the package ruby-sidekiq could not be installed"
else
  for concurrency in 5 10; do bench sidekiq "$concurrency" ruby "$here/sidekiq/bench.rb"; done
fi

"$here/script_limit.sh" "$port"
