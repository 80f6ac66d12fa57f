//! Reads of many updates at once.

use rusqlite::{Connection, ToSql};

use super::{columns, number, update_from_row};
use crate::{
    drivers::local::{
        store::{Fault, limit},
        tenants::tenant_id,
    },
    error::{Error, Result},
    inbox::{Stage, Update, UpdateKey},
    ports::inboxes::{InboxCounts, UpdateFilter},
    tenant::TenantId,
};

const COUNTS_OF: &str = "SELECT pending, dead, handled, possible_repeats FROM inboxes WHERE tenant = ?1";
const COUNTS_OF_ALL: &str = "SELECT coalesce(sum(pending), 0), coalesce(sum(dead), 0), coalesce(sum(handled), 0), \
     coalesce(sum(possible_repeats), 0) FROM inboxes";

/// The tenants with updates that are not terminal: skips from one to the next through the index.
pub(super) fn tenants_pending(connection: &Connection, mut after: String, rows: usize) -> Result<Vec<TenantId>, Fault> {
    let mut next = connection.prepare_cached(super::NEXT_PENDING)?;
    let mut tenants = Vec::new();
    while tenants.len() < rows {
        let mut found = next.query([&after])?;
        let Some(row) = found.next()? else { break };
        after = row.get(0)?;
        tenants.push(tenant_id(&after)?);
    }
    Ok(tenants)
}

fn counts(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<InboxCounts, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let Some(row) = rows.next()? else { return Ok(InboxCounts::default()) };
    Ok(InboxCounts {
        pending: number(row.get(0)?)?,
        dead: number(row.get(1)?)?,
        handled: number(row.get(2)?)?,
        possible_repeats: number(row.get(3)?)?,
    })
}

/// One tenant's inbox in numbers.
pub(super) fn counts_of(connection: &Connection, tenant: &TenantId) -> Result<InboxCounts, Fault> {
    counts(connection, COUNTS_OF, &[&tenant.as_str()])
}

/// All inboxes in numbers: one row per tenant, not per update.
pub(super) fn counts_of_all(connection: &Connection) -> Result<InboxCounts, Fault> {
    counts(connection, COUNTS_OF_ALL, &[])
}

/// A checked listing.
pub(super) struct Query {
    tenant: Option<TenantId>,
    stage: Option<String>,
    after: Option<UpdateKey>,
    rows: usize,
}

impl Query {
    /// `Invalid` if the filter's stage is no stage.
    pub(super) fn new(filter: &UpdateFilter, after: Option<&UpdateKey>, rows: usize) -> Result<Self> {
        if let Some(label) = filter.stage.as_ref().filter(|label| !Stage::LABELS.contains(&label.as_str())) {
            return Err(Error::invalid("stage", format!("{label:?} is none of {}", Stage::LABELS.join(", "))));
        }
        Ok(Self { tenant: filter.tenant.clone(), stage: filter.stage.clone(), after: after.cloned(), rows })
    }

    /// Every combination walks an index in the order of the keys; `updates_failed` and `updates_pending` hold only what
    /// they are named after.
    fn sql(&self) -> (String, Vec<Box<dyn ToSql>>) {
        let index = match self.stage.as_deref() {
            Some("pending" | "replied") => "INDEXED BY updates_pending",
            Some("dead" | "dropped") => "INDEXED BY updates_failed",
            Some(_) | None => "",
        };
        let mut conditions = Vec::new();
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        match self.stage.as_deref() {
            // As literals, and with the index's own condition, SQLite sees that the partial index covers them.
            Some(label @ ("pending" | "replied")) => {
                conditions.push(format!("u.ended_at IS NULL AND u.stage = '{label}'"));
            }
            Some(label @ ("dead" | "dropped")) => {
                conditions.push(format!("u.stage IN ('dead', 'dropped') AND u.stage = '{label}'"));
            }
            Some(label) => {
                conditions.push("u.stage = ?".to_owned());
                values.push(Box::new(label.to_owned()));
            }
            None => {}
        }
        match (&self.tenant, &self.after) {
            (Some(tenant), after) => {
                conditions.push("u.tenant = ?".to_owned());
                values.push(Box::new(tenant.as_str().to_owned()));
                // A cursor in another tenant's inbox is before or after all of this one's.
                match after {
                    Some(after) if after.tenant == *tenant => {
                        conditions.push("(u.bot_id, u.update_id) > (?, ?)".to_owned());
                        values.push(Box::new(after.bot.0));
                        values.push(Box::new(after.update_id));
                    }
                    Some(after) if after.tenant > *tenant => conditions.push("false".to_owned()),
                    Some(_) | None => {}
                }
            }
            (None, Some(after)) => {
                conditions.push("(u.tenant, u.bot_id, u.update_id) > (?, ?, ?)".to_owned());
                values.push(Box::new(after.tenant.as_str().to_owned()));
                values.push(Box::new(after.bot.0));
                values.push(Box::new(after.update_id));
            }
            (None, None) => {}
        }
        values.push(Box::new(limit(self.rows)));
        let conditions = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
        let sql = format!(
            concat!(
                "SELECT ",
                columns!(),
                " FROM updates u {} LEFT JOIN update_bodies b ON b.row = u.row WHERE {} \
                 ORDER BY u.tenant, u.bot_id, u.update_id LIMIT ?"
            ),
            index, conditions
        );
        (sql, values)
    }

    /// The updates, in order of key.
    pub(super) fn run(&self, connection: &Connection) -> Result<Vec<Update>, Fault> {
        let (sql, values) = self.sql();
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        let mut updates = Vec::new();
        while let Some(row) = rows.next()? {
            updates.push(update_from_row(row)?.update);
        }
        Ok(updates)
    }
}
