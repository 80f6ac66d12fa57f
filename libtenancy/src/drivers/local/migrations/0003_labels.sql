-- What operators say of tenants.
ALTER TABLE tenants ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';  -- JSON, name to value
