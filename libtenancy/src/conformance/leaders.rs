//! Every driver of the leases of leaders.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::time::Duration;

use futures::future::join_all;

use super::just_within;
use crate::{
    clock::{Clock, ManualClock},
    inbox::Epoch,
    ports::{
        leaders::{LEASE_TTL, Leaders},
        wake_locks::OwnerToken,
    },
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! leaders_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(leaders, $driver, [$($reason)?], [
            one_of_fifty_leads,
            roles_are_independent,
            a_leader_that_renews_keeps_its_epoch,
            another_leads_once_the_lease_has_lapsed_under_a_higher_epoch,
            a_leader_that_let_its_lease_lapse_returns_under_a_higher_epoch,
            r9_a_process_that_lost_the_lease_can_lead_again,
            after_a_resignation_another_leads_at_once_under_a_higher_epoch,
            a_leader_that_resigned_returns_under_a_higher_epoch,
            only_the_leader_resigns,
            an_epoch_does_not_go_back_when_the_clock_does,
        ]);
    };
}

const ROLE: &str = "orchestrator-leader";

async fn acquire(port: &dyn Leaders, clock: &ManualClock, owner: &str) -> Option<Epoch> {
    port.leader_acquire(ROLE, &OwnerToken(owner.to_owned()), LEASE_TTL, clock.now()).await.unwrap()
}

pub async fn one_of_fifty_leads(port: &dyn Leaders, clock: &ManualClock) {
    let owners: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let epochs = join_all(owners.iter().map(|owner| acquire(port, clock, owner))).await;
    assert_eq!(epochs.iter().flatten().count(), 1);
    assert!(epochs.iter().flatten().all(|epoch| epoch.0 > 0));
}

pub async fn roles_are_independent(port: &dyn Leaders, clock: &ManualClock) {
    assert!(acquire(port, clock, "a").await.is_some());
    let other = port.leader_acquire("other", &OwnerToken("b".to_owned()), LEASE_TTL, clock.now()).await.unwrap();
    assert!(other.is_some());
    assert_eq!(acquire(port, clock, "b").await, None);
}

pub async fn a_leader_that_renews_keeps_its_epoch(port: &dyn Leaders, clock: &ManualClock) {
    let epoch = acquire(port, clock, "a").await;
    assert!(epoch.is_some());
    for _ in 0..20 {
        clock.advance(LEASE_TTL / 2);
        assert_eq!(acquire(port, clock, "a").await, epoch);
        assert_eq!(acquire(port, clock, "b").await, None);
    }
}

pub async fn another_leads_once_the_lease_has_lapsed_under_a_higher_epoch(port: &dyn Leaders, clock: &ManualClock) {
    let first = acquire(port, clock, "a").await.unwrap();
    clock.advance(just_within(LEASE_TTL));
    assert_eq!(acquire(port, clock, "b").await, None);
    clock.advance(Duration::from_millis(1));
    let second = acquire(port, clock, "b").await.unwrap();
    assert!(second > first);
    assert_eq!(acquire(port, clock, "a").await, None);
}

pub async fn a_leader_that_let_its_lease_lapse_returns_under_a_higher_epoch(port: &dyn Leaders, clock: &ManualClock) {
    let first = acquire(port, clock, "a").await.unwrap();
    clock.advance(LEASE_TTL);
    let second = acquire(port, clock, "a").await.unwrap();
    assert!(second > first, "another may have led in between, as far as the store knows");
}

pub async fn r9_a_process_that_lost_the_lease_can_lead_again(port: &dyn Leaders, clock: &ManualClock) {
    let mut last = Epoch(0);
    for owner in ["a", "b", "a", "b", "a"] {
        let epoch = acquire(port, clock, owner).await.unwrap();
        assert!(epoch > last);
        last = epoch;
        clock.advance(LEASE_TTL);
    }
}

pub async fn after_a_resignation_another_leads_at_once_under_a_higher_epoch(port: &dyn Leaders, clock: &ManualClock) {
    let first = acquire(port, clock, "a").await.unwrap();
    port.leader_resign(ROLE, &OwnerToken("a".to_owned())).await.unwrap();
    assert!(acquire(port, clock, "b").await.unwrap() > first);
}

pub async fn a_leader_that_resigned_returns_under_a_higher_epoch(port: &dyn Leaders, clock: &ManualClock) {
    let first = acquire(port, clock, "a").await.unwrap();
    port.leader_resign(ROLE, &OwnerToken("a".to_owned())).await.unwrap();
    port.leader_resign(ROLE, &OwnerToken("a".to_owned())).await.unwrap();
    assert!(acquire(port, clock, "a").await.unwrap() > first);
}

pub async fn only_the_leader_resigns(port: &dyn Leaders, clock: &ManualClock) {
    port.leader_resign(ROLE, &OwnerToken("nobody".to_owned())).await.unwrap();
    let epoch = acquire(port, clock, "a").await;
    port.leader_resign(ROLE, &OwnerToken("b".to_owned())).await.unwrap();
    assert_eq!(acquire(port, clock, "b").await, None);
    assert_eq!(acquire(port, clock, "a").await, epoch);
}

pub async fn an_epoch_does_not_go_back_when_the_clock_does(port: &dyn Leaders, clock: &ManualClock) {
    let first = acquire(port, clock, "a").await.unwrap();
    port.leader_resign(ROLE, &OwnerToken("a".to_owned())).await.unwrap();
    let earlier = clock.now() - Duration::from_hours(1);
    let second = port.leader_acquire(ROLE, &OwnerToken("b".to_owned()), LEASE_TTL, earlier).await.unwrap();
    assert!(second.unwrap() > first);
}
