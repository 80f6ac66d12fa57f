-- What came of orders, by the keys under which they were given. `body` is absent while somebody works on it.
CREATE TABLE receipts (
  key        TEXT    NOT NULL PRIMARY KEY,
  order_hash TEXT    NOT NULL,
  until      INTEGER NOT NULL,  -- microseconds since the Unix epoch
  status     INTEGER,
  body       TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_until ON receipts (until);
