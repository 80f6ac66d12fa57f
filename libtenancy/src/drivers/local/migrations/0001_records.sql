-- Everything the embedded control plane keeps. Times are microseconds since the Unix epoch, UTC:
--   SELECT id, status, datetime(since / 1000000, 'unixepoch') FROM tenants;
-- Generations and epochs are fences: they only grow.

CREATE TABLE tenants (
  id                    TEXT    NOT NULL PRIMARY KEY,
  status                TEXT    NOT NULL CHECK (status IN ('idle', 'provisioning', 'running', 'stopping', 'terminated')),
  generation            INTEGER NOT NULL,
  since                 INTEGER NOT NULL,  -- when this status began
  created_at            INTEGER NOT NULL,
  last_active_at        INTEGER NOT NULL,
  idle_timeout_us       INTEGER NOT NULL,  -- microseconds
  suspended             TEXT,              -- why it may not be woken
  bot_id                INTEGER,
  bot_token_sealed      TEXT,
  webhook_secret_sealed TEXT,
  webhook_url           TEXT,
  agent                 TEXT,              -- JSON; while running or stopping
  stop_reason           TEXT,              -- JSON; while stopping, and of the last stop while idle
  keep_state            INTEGER,           -- 0 or 1; while terminated
  snapshot              TEXT,              -- JSON; the last published one
  last_wake             TEXT               -- JSON; phases of the last wake
) STRICT, WITHOUT ROWID;
CREATE INDEX tenants_active ON tenants (id) WHERE status <> 'idle';
CREATE INDEX tenants_by_status ON tenants (status, id);
CREATE UNIQUE INDEX tenants_bot ON tenants (bot_id) WHERE bot_id IS NOT NULL;

-- One row per tenant that ever had an update or a delivery: who delivers, and the inbox in numbers.
CREATE TABLE inboxes (
  tenant           TEXT    NOT NULL PRIMARY KEY,
  epoch            INTEGER NOT NULL DEFAULT 0,
  owner            TEXT,                        -- who delivers; NULL once released
  expires_at       INTEGER NOT NULL DEFAULT 0,  -- when the owner's claim lapses
  pending          INTEGER NOT NULL DEFAULT 0,  -- updates that are not terminal
  dead             INTEGER NOT NULL DEFAULT 0,
  handled          INTEGER NOT NULL DEFAULT 0,
  possible_repeats INTEGER NOT NULL DEFAULT 0   -- not lowered when rows are pruned
) STRICT, WITHOUT ROWID;

-- One row per update, small and written several times in its life; its texts are in update_bodies.
CREATE TABLE updates (
  row              INTEGER PRIMARY KEY,
  tenant           TEXT    NOT NULL,
  bot_id           INTEGER NOT NULL,
  update_id        INTEGER NOT NULL,
  stage            TEXT    NOT NULL CHECK (stage IN ('pending', 'replied', 'handled', 'dead', 'dropped')),
  received_at      INTEGER NOT NULL,
  not_before       INTEGER NOT NULL,
  takes            INTEGER NOT NULL DEFAULT 0,
  attempts         INTEGER NOT NULL DEFAULT 0,
  possible_repeats INTEGER NOT NULL DEFAULT 0,
  taken_epoch      INTEGER,  -- the epoch of a take whose outcome is not known yet
  sent             INTEGER NOT NULL DEFAULT 0,  -- parts of the reply known to have arrived
  parts            INTEGER,                     -- parts of the reply
  notice           INTEGER,                     -- the chat's "starting" message
  ended_at         INTEGER,                     -- NULL until the update is terminal
  last_error       TEXT,
  reason           TEXT,                        -- why it is dead
  UNIQUE (tenant, bot_id, update_id),
  CHECK ((ended_at IS NULL) = (stage IN ('pending', 'replied')))
) STRICT;
CREATE INDEX updates_pending ON updates (tenant, bot_id, update_id) WHERE ended_at IS NULL;
CREATE INDEX updates_failed ON updates (stage, tenant, bot_id, update_id) WHERE stage IN ('dead', 'dropped');
CREATE INDEX updates_ended ON updates (ended_at) WHERE ended_at IS NOT NULL AND stage <> 'dead';

-- The texts of updates that are not handled.
CREATE TABLE update_bodies (
  row     INTEGER PRIMARY KEY,  -- of updates
  payload TEXT NOT NULL,        -- the JSON as it was received
  reply   TEXT                  -- JSON: {"chat": …, "parts": [ … ]}
) STRICT;

-- The other counts are kept by the writes themselves: a trigger would make every one of them dearer.
CREATE TRIGGER updates_removed AFTER DELETE ON updates BEGIN
  DELETE FROM update_bodies WHERE row = old.row;
  UPDATE inboxes SET
    pending = pending - (old.ended_at IS NULL),
    dead    = dead - (old.stage = 'dead'),
    handled = handled - (old.stage = 'handled')
  WHERE tenant = old.tenant;
END;

CREATE TABLE wake_locks (
  tenant     TEXT    NOT NULL PRIMARY KEY,
  owner      TEXT    NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leaders (
  role       TEXT    NOT NULL PRIMARY KEY,
  owner      TEXT,               -- NULL once resigned
  epoch      INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE endpoints (
  tenant     TEXT    NOT NULL PRIMARY KEY,
  generation INTEGER NOT NULL,
  agent      TEXT    NOT NULL,   -- JSON
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deadlines (
  tenant TEXT    NOT NULL PRIMARY KEY,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deadlines_by_time ON deadlines (at, tenant);
