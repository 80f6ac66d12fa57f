#!/usr/bin/env bash
# What the Redis at PORT can do at most: `script_limit.sh PORT`. A script with as many calls as a job needs, on one hash-tagged
# key, pipelined 16 deep from 10 connections. A line of JSON each on standard output. The Redis at PORT is emptied.
set -euo pipefail
port=${1:?usage: script_limit.sh REDIS_PORT}
redis() { redis-cli -h 127.0.0.1 -p "$port" "$@"; }

for calls in 10 20; do
  redis flushall >&2
  script="for i = 1, $calls do redis.call('HSET', KEYS[1], 'f' .. i, ARGV[1]) end return 1"
  sha=$(redis script load "$script")
  rate=$(redis-benchmark -h 127.0.0.1 -p "$port" -n 100000 -c 10 -P 16 --csv evalsha "$sha" 1 '{bench}:key' value |
    tail -n 1 | cut -d, -f2 | tr -d '"')
  # redis-benchmark counts errors as replies too: what the script wrote tells them apart.
  [ "$(redis hlen '{bench}:key')" = "$calls" ] || { echo "the script of $calls calls did not run" >&2; exit 1; }
  printf '{"peer":"redis script of %s calls","per_s":%.0f}\n' "$calls" "$rate"
done
redis flushall >&2
