-- What was granted in a budget's period, which was taken off what was spent before.
ALTER TABLE accounts ADD COLUMN period_granted INTEGER NOT NULL DEFAULT 0;
