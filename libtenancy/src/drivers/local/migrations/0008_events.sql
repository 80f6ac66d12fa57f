-- What happened to tenants: JSON, an event a row. Old rows go as new ones come; no number is given twice.
CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT    NOT NULL,
    event  TEXT    NOT NULL
) STRICT;
CREATE INDEX events_of_tenant ON events (tenant, seq);
