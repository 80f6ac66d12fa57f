-- What is said to a tenant's agent at times: JSON, name to schedule. Few tenants have any.
ALTER TABLE tenants ADD COLUMN schedules TEXT NOT NULL DEFAULT '{}';
CREATE INDEX tenants_scheduled ON tenants (id) WHERE schedules <> '{}';
