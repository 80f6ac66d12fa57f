# frozen_string_literal: true
# Sidekiq: noop jobs of 200 bytes through one queue and one worker process.
#   ruby bench.rb --redis redis://127.0.0.1:PORT --jobs N --concurrency C [--batch 1000]
# Enqueues with push_bulk, one LPUSH per call, from one thread (the lock of the interpreter makes more of them no faster).
# The queue is full before the worker starts. Sidekiq (not Pro) takes a job off the list before it runs: a killed process
# loses the jobs in hand, so a job costs Redis much less here than in a queue that acknowledges.
require 'json'
require 'logger'
require 'optparse'
require 'sidekiq'
require 'sidekiq/cli'
require 'sidekiq/launcher'

options = { redis: 'redis://127.0.0.1:6379', jobs: 50_000, concurrency: 10, batch: 1000 }
OptionParser.new do |flags|
  flags.on('--redis URL') { |value| options[:redis] = value }
  %i[jobs concurrency batch].each { |name| flags.on("--#{name} N", Integer) { |value| options[name] = value } }
end.parse!
jobs, concurrency, batch = options.values_at(:jobs, :concurrency, :batch)

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

class Noop
  include Sidekiq::Worker
  sidekiq_options queue: 'bench', retry: false
  def perform(_payload); end
end

# As within the `sidekiq` command, where Sidekiq::CLI is defined: the connection pool has room for every thread.
Sidekiq.logger.level = Logger::ERROR
Redis.silence_deprecations = true # this Sidekiq is older than Debian's Redis client
Sidekiq.options[:concurrency] = concurrency
Sidekiq.options[:queues] = ['bench']
Sidekiq.redis = { url: options[:redis], size: concurrency + 5 }

payload = 'x' * 196 # 200 as JSON: ["…"]
started = now
(0...jobs).step(batch) do |from|
  Sidekiq::Client.push_bulk('class' => Noop, 'args' => Array.new([batch, jobs - from].min) { [payload] })
end
enqueue_per_s = (jobs / (now - started)).round

# The worker's own counter says when a job is done, not only taken.
processed = Sidekiq::Processor::PROCESSED
started = now
launcher = Sidekiq::Launcher.new(Sidekiq.options)
launcher.run
total = 0
loop do
  flushed = Sidekiq.redis { |redis| redis.get('stat:processed') }.to_i # where a heartbeat moves the counter to
  total = flushed + processed.instance_variable_get(:@value)
  break if total >= jobs

  sleep 0.01
end
process_per_s = (jobs / (now - started)).round
abort "#{total} of #{jobs} jobs were processed" unless total == jobs
launcher.quiet

how = "push_bulk of #{batch}; one process, #{concurrency} threads; jobs are not acknowledged"
puts JSON.generate(peer: 'sidekiq', version: Sidekiq::VERSION, jobs:, enqueue_per_s:, process_per_s:, how:)
$stdout.flush
exit!(0)
