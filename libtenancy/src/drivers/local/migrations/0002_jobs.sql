-- The job plane: one partition, its accounts, its jobs, the rows on their way to the ledger, and the ledger itself.
-- Credits are whole micro-credits. Tags are virtual time (see fairness.rs).

-- What a partition counts. One row.
CREATE TABLE partitions (
  partition   INTEGER NOT NULL PRIMARY KEY,
  capacity    INTEGER,                      -- leases at once, 0: no limit; NULL: as the settings say
  incarnation INTEGER NOT NULL DEFAULT 1,
  seq         INTEGER NOT NULL DEFAULT 0,   -- of the last row for the ledger
  clock       INTEGER NOT NULL DEFAULT 0,   -- virtual time
  epoch       INTEGER NOT NULL DEFAULT 0,   -- of the last claim; only grows
  leases      INTEGER NOT NULL DEFAULT 0,   -- running jobs
  recovered   INTEGER NOT NULL DEFAULT 0    -- leases that lapsed and were put back, ever
) STRICT;
INSERT INTO partitions (partition) VALUES (0);

CREATE TABLE accounts (
  tenant        TEXT    NOT NULL PRIMARY KEY,
  rate          INTEGER NOT NULL,
  burst         INTEGER NOT NULL,
  weight        INTEGER NOT NULL,
  max_running   INTEGER NOT NULL,
  budget_period TEXT    CHECK (budget_period IN ('day', 'week', 'month')),
  budget_limit  INTEGER,
  budget_hard   INTEGER,
  bucket        INTEGER NOT NULL,
  refilled_at   INTEGER NOT NULL,
  remainder     INTEGER NOT NULL,
  grants        TEXT    NOT NULL,           -- `expiry:amount`, with commas between
  held          INTEGER NOT NULL,
  period        INTEGER NOT NULL,
  period_spent  INTEGER NOT NULL,
  noticed       INTEGER NOT NULL,
  running       INTEGER NOT NULL,           -- its running jobs
  waiting       INTEGER NOT NULL,           -- its queued jobs
  standing      TEXT    NOT NULL CHECK (standing IN ('idle', 'ready', 'capped', 'credits', 'budget')),
  until         INTEGER NOT NULL,           -- of a parked tenant; 0: nothing but an operator ends it
  tag           INTEGER NOT NULL,
  used          INTEGER NOT NULL,
  used_at       INTEGER NOT NULL,
  agent_clock   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_ready ON accounts (tag, tenant) WHERE standing = 'ready';
CREATE INDEX accounts_parked ON accounts (until, tenant) WHERE until > 0;

-- One row per job, small until it ends; its prompt is in job_prompts.
CREATE TABLE jobs (
  row          INTEGER PRIMARY KEY,
  tenant       TEXT    NOT NULL,
  serial       TEXT    NOT NULL,
  agent        TEXT    NOT NULL,
  cost         INTEGER NOT NULL,
  priority     INTEGER NOT NULL,
  max_attempts INTEGER NOT NULL,
  submitted_at INTEGER NOT NULL,
  state        TEXT    NOT NULL
               CHECK (state IN ('delayed', 'queued', 'running', 'succeeded', 'dead', 'cancelled')),
  until        INTEGER NOT NULL,            -- delayed: due; running: the lease lapses; ended: when it did
  reason       TEXT,                        -- while delayed
  worker       TEXT,                        -- while running
  attempts     INTEGER NOT NULL,
  epoch        INTEGER NOT NULL,
  tag          INTEGER NOT NULL,
  score        INTEGER NOT NULL,            -- the place among its tenant's queued jobs
  hold         INTEGER NOT NULL,
  hold_grants  TEXT    NOT NULL,            -- the part of it that grants gave, as in accounts
  used         INTEGER NOT NULL,
  cancel       INTEGER NOT NULL,
  expires_at   INTEGER,                     -- once it ended: it is not there any more from then on
  result       TEXT,
  UNIQUE (tenant, serial)
) STRICT;
CREATE INDEX jobs_queued ON jobs (tenant, score, serial) WHERE state = 'queued';
CREATE INDEX jobs_delayed ON jobs (until, (tenant || '.' || serial)) WHERE state = 'delayed';
CREATE INDEX jobs_running ON jobs (until, tenant, serial) WHERE state = 'running';
CREATE INDEX jobs_by_state ON jobs (state, tenant, serial);
CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE job_prompts (
  row    INTEGER PRIMARY KEY,  -- of jobs; gone once the job succeeded
  prompt TEXT NOT NULL
) STRICT;

-- Idempotency: what was submitted under a key.
CREATE TABLE job_keys (
  tenant TEXT    NOT NULL,
  key    TEXT    NOT NULL,  -- hashes, as in jobs::Idempotency
  body   TEXT    NOT NULL,
  serial TEXT    NOT NULL,  -- of the job
  until  INTEGER NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_keys_expiring ON job_keys (until);

-- Where an agent's last job ends among its tenant's, while any job of the tenant waits.
CREATE TABLE agent_tags (
  tenant TEXT    NOT NULL,
  agent  TEXT    NOT NULL,
  ends   INTEGER NOT NULL,
  PRIMARY KEY (tenant, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_pointers (
  tenant  TEXT NOT NULL,
  agent   TEXT NOT NULL,
  pointer TEXT NOT NULL,
  PRIMARY KEY (tenant, agent)
) STRICT, WITHOUT ROWID;

-- Chat turns: held, or settled and remembered.
CREATE TABLE turns (
  tenant      TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  epoch       INTEGER NOT NULL,
  agent       TEXT    NOT NULL,
  hold        INTEGER NOT NULL,
  hold_grants TEXT    NOT NULL,
  until       INTEGER NOT NULL,
  settled     INTEGER NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX turns_held ON turns (until, (tenant || '|' || key)) WHERE settled = 0;
CREATE INDEX turns_settled ON turns (until) WHERE settled = 1;

-- What is booked once: names of grants, references of usage.
CREATE TABLE booked (
  tenant    TEXT NOT NULL,
  kind      TEXT NOT NULL,
  reference TEXT NOT NULL,
  PRIMARY KEY (tenant, kind, reference)
) STRICT, WITHOUT ROWID;

-- Rows that the leader has not copied to the ledger yet.
CREATE TABLE outbox (
  seq INTEGER NOT NULL PRIMARY KEY,
  row TEXT    NOT NULL  -- ledger::Row::text
) STRICT;

-- Only ever appended to.
CREATE TABLE ledger (
  partition   INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  incarnation INTEGER NOT NULL,
  tenant      TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  row         TEXT    NOT NULL,
  hash        TEXT    NOT NULL,  -- of the chain, after this row
  PRIMARY KEY (partition, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_by_tenant ON ledger (partition, tenant, seq);
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger BEGIN SELECT raise(ABORT, 'the ledger is only appended to'); END;
CREATE TRIGGER ledger_is_fixed BEFORE UPDATE ON ledger BEGIN SELECT raise(ABORT, 'the ledger is only appended to'); END;
