-- One job, or what its agent is told.
-- Why: a job that was kept long enough is none, also while the store still has it.
-- KEYS[1]: sys:{p07}:meta
-- ARGV[4]: tenant. ARGV[5]: serial. ARGV[6]: job | prompt.
-- Returns {'OK', seq, the job's names and values} | {'OK', seq, prompt (or nil)} | {'MISSING', seq}.
local t = {key = TENANT .. ARGV[4] .. ':'}
local j = job(t, ARGV[5])
if not j then return {'MISSING', seq} end
if ARGV[6] == 'prompt' then
  return {'OK', seq, j.state ~= 'succeeded' and (j.prompt or call('GET', j.key .. ':prompt'))}
end
local out = job_answer(j)
table.insert(out, 1, 'OK')
table.insert(out, 2, seq)
return out
