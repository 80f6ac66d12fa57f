//! A schedule that an operator fires once, beside its times.

use std::time::Duration;

use super::{Action, ScheduleName};
use crate::{
    admission::Suspension,
    api::schedules::ScheduleRan,
    clock::Timestamp,
    error::{Error, Result},
    inbox::Put,
    jobs::Idempotency,
    secret::random_bytes,
    tenancy::Tenancy,
    tenant::TenantId,
};

/// How many names are tried for a message before it is given up: that many may be fired in a minute.
const NAMES: u32 = 59;

/// The name that a message fired by hand has: a second that no pattern can mean, this one or the next such.
fn by_hand(at: Timestamp) -> Timestamp {
    let second = at.as_micros() / 1_000_000;
    Timestamp::from_micros((second + i64::from(second % 60 == 0)) * 1_000_000)
}

impl Tenancy {
    /// Fires a schedule once, now, paused or not; when it fires next stays as it is. A repeat under the same `key` submits no
    /// second job; a message is another one each time: whoever gives the order sees to it that it is given once.
    ///
    /// `NotFound` without the tenant, the schedule, or the bot that its message is answered through; `IllegalState` while an
    /// operator has the tenant suspended, or it is being deleted; `Overloaded` if too many messages wait; as of
    /// [`Tenancy::job_submit`].
    pub async fn schedule_run(&self, id: &TenantId, name: &ScheduleName, key: Option<&str>) -> Result<ScheduleRan> {
        let tenant = self.tenant_kept(id).await?;
        let schedule = tenant.settings.schedules.get(name).ok_or_else(|| Error::not_found("schedule", name))?;
        let suspended = tenant.settings.suspended.as_deref().map(Suspension::parse);
        if let Some(suspension) = suspended.filter(Suspension::by_operator) {
            let reason = format!("an operator suspended it: {}; no schedule of its fires", suspension.text);
            return Err(Error::IllegalState { tenant: id.to_string(), status: "suspended", reason });
        }
        let mut ran = ScheduleRan {
            tenant_id: id.to_string(),
            name: name.to_string(),
            at: self.now(),
            job_id: None,
            update: None,
        };
        match schedule.spec.action() {
            Action::Job { .. } => {
                let key = match key {
                    Some(key) => Idempotency::new(key, b"")?.key,
                    None => hex::encode(random_bytes::<16>()?),
                };
                let submitted = self.job_fire(&tenant, schedule, &format!("schedule/{name}/run/{key}")).await?;
                ran.job_id = Some(submitted.id.to_string());
            }
            Action::Message { .. } => {
                let mut at = by_hand(ran.at);
                for _ in 0..NAMES {
                    let (key, put) = self.message_fire(&tenant, name, schedule, at).await?;
                    if put == Put::Stored {
                        ran.update = Some(key.to_string());
                        break;
                    }
                    at = by_hand(at + Duration::from_secs(1));
                }
                if ran.update.is_none() {
                    let reason = format!("schedule `{name}` was fired {NAMES} times within a minute");
                    return Err(Error::Overloaded { reason });
                }
            }
        }
        tracing::info!(tenant = %id, schedule = %name, "fired by an order");
        Ok(ran)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fired_by_hand_has_no_instants_name() {
        let second = |micros: i64| by_hand(Timestamp::from_micros(micros)).as_micros();
        assert_eq!(second(120_000_000), 121_000_000, "a whole minute may be an instant's");
        assert_eq!(second(120_999_999), 121_000_000);
        assert_eq!(second(121_500_000), 121_000_000);
        assert_eq!(second(179_000_000 + 1_000_000), 181_000_000);
    }
}
