//! Leases of leaders as `coordination.k8s.io/v1` Leases, as the control plane's own components keep theirs: the holder, when it
//! renewed, for how long that is good, and how often the holder changed, which is the epoch.

use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff,
};
use kube::{
    Api,
    api::{ObjectMeta, PostParams},
};

use super::{
    Kubernetes,
    connection::{PART, classify, is},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    inbox::Epoch,
    ports::{leaders::Leaders, wake_locks::OwnerToken},
};

/// How often a step is decided anew after others came first.
const ATTEMPTS: usize = 10;

/// What a lease says.
#[derive(Debug)]
struct Held<'a> {
    holder: &'a str,
    until: Timestamp,
    transitions: i32,
}

impl<'a> Held<'a> {
    fn of(spec: &'a LeaseSpec) -> Self {
        let renewed = spec.renew_time.as_ref().map_or(0, |MicroTime(time)| time.as_microsecond());
        let good = u64::try_from(spec.lease_duration_seconds.unwrap_or_default()).unwrap_or_default();
        Self {
            holder: spec.holder_identity.as_deref().unwrap_or_default(),
            until: Timestamp::from_micros(renewed) + Duration::from_secs(good),
            transitions: spec.lease_transitions.unwrap_or_default(),
        }
    }
}

fn time(at: Timestamp) -> Result<MicroTime> {
    let time = jiff::Timestamp::from_microsecond(at.as_micros());
    Ok(MicroTime(time.map_err(|e| Error::internal(format!("a time that no lease can have: {e}")))?))
}

/// What follows: the lease as it is to be, and its epoch; `None` if another holds it.
fn decide(
    found: Option<&LeaseSpec>,
    owner: &OwnerToken,
    ttl: Duration,
    now: Timestamp,
) -> Result<Option<(LeaseSpec, Epoch)>> {
    let held = found.map(Held::of);
    let lives = held.as_ref().is_some_and(|held| !held.holder.is_empty() && now < held.until);
    let renews = lives && held.as_ref().is_some_and(|held| held.holder == owner.0);
    if lives && !renews {
        return Ok(None);
    }
    let before = held.map_or(0, |held| held.transitions);
    let transitions = if renews { before } else { before.saturating_add(1) };
    let acquired = found.and_then(|spec| spec.acquire_time.clone()).filter(|_| renews);
    let spec = LeaseSpec {
        holder_identity: Some(owner.0.clone()),
        lease_duration_seconds: Some(i32::try_from(ttl.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)),
        lease_transitions: Some(transitions),
        acquire_time: Some(acquired.map_or_else(|| time(now), Ok)?),
        renew_time: Some(time(now)?),
        ..LeaseSpec::default()
    };
    Ok(Some((spec, Epoch(u64::try_from(transitions).unwrap_or_default()))))
}

impl Kubernetes {
    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.clients.asking.clone(), &self.namespace)
    }

    /// Reads the lease, writes what `change` makes of it, and reads again when somebody else wrote in between. `change`
    /// returns `None` to leave it as it is.
    async fn lease_change<T>(
        &self,
        role: &str,
        mut change: impl FnMut(Option<&LeaseSpec>) -> Result<Option<(LeaseSpec, T)>>,
    ) -> Result<Option<T>> {
        let leases = self.leases();
        for _ in 0..ATTEMPTS {
            let found = leases.get_opt(role).await.map_err(|error| classify(error, false))?;
            let Some((spec, outcome)) = change(found.as_ref().and_then(|lease| lease.spec.as_ref()))? else {
                return Ok(None);
            };
            let written = if let Some(mut lease) = found {
                lease.spec = Some(spec);
                leases.replace(role, &PostParams::default(), &lease).await
            } else {
                let metadata = ObjectMeta { name: Some(role.to_owned()), ..ObjectMeta::default() };
                leases.create(&PostParams::default(), &Lease { metadata, spec: Some(spec) }).await
            };
            match written {
                Ok(_) => return Ok(Some(outcome)),
                // Another version is there, or it is there already, or no more.
                Err(error) if is(&error, 409) || is(&error, 404) => {}
                Err(error) => return Err(classify(error, true)),
            }
        }
        Err(Error::unavailable(PART, format!("the lease `{role}` changed {ATTEMPTS} times while it was decided about")))
    }
}

#[async_trait]
impl Leaders for Kubernetes {
    async fn leader_acquire(
        &self,
        role: &str,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Option<Epoch>> {
        self.lease_change(role, |found| decide(found, owner, ttl, now)).await
    }

    async fn leader_resign(&self, role: &str, owner: &OwnerToken) -> Result<()> {
        let resign = |found: Option<&LeaseSpec>| {
            let held = found.filter(|spec| spec.holder_identity.as_deref() == Some(&owner.0));
            Ok(held.map(|spec| (LeaseSpec { holder_identity: None, ..spec.clone() }, ())))
        };
        self.lease_change(role, resign).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_of_another_component_is_read_as_it_means_it() {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let (owner, ttl) = (OwnerToken("us".to_owned()), Duration::from_secs(15));
        let theirs = |renewed: i64, holder: &str| LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            lease_transitions: Some(3),
            renew_time: Some(time(now - Duration::from_secs(renewed.unsigned_abs())).unwrap()),
            ..LeaseSpec::default()
        };
        let epoch = |spec: &LeaseSpec| decide(Some(spec), &owner, ttl, now).unwrap().map(|(_, epoch)| epoch.0);
        assert_eq!(epoch(&theirs(14, "them")), None);
        assert_eq!(epoch(&theirs(15, "them")), Some(4));
        assert_eq!(epoch(&theirs(14, "us")), Some(3));
        assert_eq!(epoch(&theirs(15, "us")), Some(4), "another may have led in between");
        assert_eq!(epoch(&theirs(1, "")), Some(4), "it was given up");
        assert_eq!(epoch(&LeaseSpec::default()), Some(1), "an empty one is nobody's");
    }
}
