#!/usr/bin/env bash
# The peers of the job plane on the Redis at PORT, which is emptied: `run.sh PORT JOBS`. A line of JSON each on standard
# output, all else on standard error. They are installed into the tests' cache, never into the tree.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=$1 jobs=$2
cache="${ZTM_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ztm-tests}/peers"

if command -v npm >/dev/null; then
  mkdir -p "$cache/bullmq"
  cp "$here"/bullmq/* "$cache/bullmq/"
  (cd "$cache/bullmq" && { [ -d node_modules ] || npm install --silent --no-audit --no-fund >&2; })
  for concurrency in 50 200 750; do
    redis-cli -h 127.0.0.1 -p "$port" flushall >&2
    node "$cache/bullmq/bench.mjs" "$port" "$jobs" "$concurrency"
  done
else
  echo '{"peer":"bullmq","skipped":"there is no npm"}'
fi

# The limit: a script with as many calls as a job needs, pipelined, against the same server.
for calls in 10 20; do
  script="for i=1,$calls do redis.call('HSET', KEYS[1], 'f'..i, ARGV[1]) end return 1"
  redis-cli -h 127.0.0.1 -p "$port" flushall >&2
  sha=$(redis-cli -h 127.0.0.1 -p "$port" script load "$script")
  rate=$(redis-benchmark -h 127.0.0.1 -p "$port" -q -n 100000 -c 10 -P 16 --csv evalsha "$sha" 1 '{b}:k' v | tail -1 | cut -d, -f2 | tr -d '"')
  echo "{\"limit\":\"a script of $calls calls, pipelined\",\"per_s\":$rate}"
done
