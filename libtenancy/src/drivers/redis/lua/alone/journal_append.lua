-- Adds lines to a journal, or events to a history, and takes the oldest away.
-- Why: the lines of one write stay together and in order, and what nobody adds to goes by itself.
-- KEYS[1]: tenant:journal:acme, tenant:events:acme or sys:ztm:events
-- ARGV[2]: lines that are kept. ARGV[3]: how long, ms. ARGV[4..]: the lines.
-- Returns nothing.
for place = 4, #ARGV do
  call('XADD', KEYS[1], '*', 'line', ARGV[place])
end
call('XTRIM', KEYS[1], 'MAXLEN', ARGV[2])
call('PEXPIRE', KEYS[1], ARGV[3])
