-- What was told of a tenant of late: JSON, a line a row. Old rows go as new ones come; no number is given twice.
CREATE TABLE journal (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    line   TEXT    NOT NULL
) STRICT;
CREATE INDEX journal_of_tenant ON journal (tenant, seq);
