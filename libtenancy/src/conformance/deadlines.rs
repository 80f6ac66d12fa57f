//! Every driver of the index of idle deadlines.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::time::Duration;

use futures::future::join_all;

use super::id;
use crate::{
    clock::{Clock, ManualClock},
    ports::deadlines::Deadlines,
    tenant::TenantId,
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! deadlines_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(deadlines, $driver, [$($reason)?], [
            an_empty_index_has_nothing_due,
            a_deadline_is_due_at_its_time_and_not_before,
            due_deadlines_come_oldest_first,
            no_more_than_the_limit_come_and_the_rest_stays,
            a_deadline_is_replaced_by_a_later_one,
            a_deadline_is_replaced_by_an_earlier_one,
            a_cleared_deadline_is_gone,
            a_repeated_clear_is_no_error,
            the_next_deadline_is_the_earliest,
            due_deadlines_stay_until_they_are_cleared_or_replaced,
            a_due_deadline_is_found_among_a_thousand_that_are_not,
        ]);
    };
}

const SECOND: Duration = Duration::from_secs(1);

pub async fn an_empty_index_has_nothing_due(port: &dyn Deadlines, clock: &ManualClock) {
    assert_eq!(port.deadlines_due(clock.now(), 10).await.unwrap(), []);
    assert_eq!(port.deadline_next().await.unwrap(), None);
    assert_eq!(port.deadline_get(&id("acme")).await.unwrap(), None);
}

pub async fn a_deadline_is_due_at_its_time_and_not_before(port: &dyn Deadlines, clock: &ManualClock) {
    let at = clock.now() + SECOND;
    port.deadline_set(&id("acme"), at).await.unwrap();
    assert_eq!(port.deadline_get(&id("acme")).await.unwrap(), Some(at));
    assert_eq!(port.deadlines_due(at - Duration::from_millis(1), 10).await.unwrap(), []);
    assert_eq!(port.deadlines_due(at, 10).await.unwrap(), [id("acme")]);
    assert_eq!(port.deadlines_due(at + SECOND, 10).await.unwrap(), [id("acme")]);
}

async fn in_shuffled_order(port: &dyn Deadlines, clock: &ManualClock) -> Vec<TenantId> {
    let base = clock.now();
    for n in 0..20_u32 {
        let place = n * 7 % 20;
        port.deadline_set(&id(&format!("t{}", 99 - place)), base + SECOND * place).await.unwrap();
    }
    (0..20).map(|place| id(&format!("t{}", 99 - place))).collect()
}

pub async fn due_deadlines_come_oldest_first(port: &dyn Deadlines, clock: &ManualClock) {
    let order = in_shuffled_order(port, clock).await;
    assert_eq!(port.deadlines_due(clock.now() + SECOND * 100, 100).await.unwrap(), order);
    assert_eq!(port.deadlines_due(clock.now() + SECOND * 4, 100).await.unwrap(), order[..5]);
}

pub async fn no_more_than_the_limit_come_and_the_rest_stays(port: &dyn Deadlines, clock: &ManualClock) {
    let order = in_shuffled_order(port, clock).await;
    let now = clock.now() + SECOND * 100;
    let mut seen = Vec::new();
    loop {
        let due = port.deadlines_due(now, 6).await.unwrap();
        assert!(due.len() <= 6);
        if due.is_empty() {
            break;
        }
        for tenant in due {
            port.deadline_clear(&tenant).await.unwrap();
            seen.push(tenant);
        }
    }
    assert_eq!(seen, order);
}

pub async fn a_deadline_is_replaced_by_a_later_one(port: &dyn Deadlines, clock: &ManualClock) {
    port.deadline_set(&id("acme"), clock.now()).await.unwrap();
    let later = clock.now() + SECOND;
    port.deadline_set(&id("acme"), later).await.unwrap();
    assert_eq!(port.deadlines_due(clock.now(), 10).await.unwrap(), []);
    assert_eq!(port.deadline_next().await.unwrap(), Some(later));
    assert_eq!(port.deadlines_due(later, 10).await.unwrap(), [id("acme")], "once, not twice");
}

pub async fn a_deadline_is_replaced_by_an_earlier_one(port: &dyn Deadlines, clock: &ManualClock) {
    port.deadline_set(&id("acme"), clock.now() + SECOND).await.unwrap();
    port.deadline_set(&id("acme"), clock.now()).await.unwrap();
    assert_eq!(port.deadline_next().await.unwrap(), Some(clock.now()));
    assert_eq!(port.deadlines_due(clock.now() + SECOND * 2, 10).await.unwrap(), [id("acme")], "once, not twice");
}

pub async fn a_cleared_deadline_is_gone(port: &dyn Deadlines, clock: &ManualClock) {
    for name in ["a", "b"] {
        port.deadline_set(&id(name), clock.now()).await.unwrap();
    }
    port.deadline_clear(&id("a")).await.unwrap();
    assert_eq!(port.deadline_get(&id("a")).await.unwrap(), None);
    assert_eq!(port.deadlines_due(clock.now(), 10).await.unwrap(), [id("b")]);
}

pub async fn a_repeated_clear_is_no_error(port: &dyn Deadlines, _clock: &ManualClock) {
    for _ in 0..2 {
        port.deadline_clear(&id("acme")).await.unwrap();
    }
    assert_eq!(port.deadline_next().await.unwrap(), None);
}

pub async fn the_next_deadline_is_the_earliest(port: &dyn Deadlines, clock: &ManualClock) {
    let order = in_shuffled_order(port, clock).await;
    for (place, tenant) in (0..).zip(order) {
        assert_eq!(port.deadline_next().await.unwrap(), Some(clock.now() + SECOND * place));
        port.deadline_clear(&tenant).await.unwrap();
    }
    assert_eq!(port.deadline_next().await.unwrap(), None);
}

pub async fn due_deadlines_stay_until_they_are_cleared_or_replaced(port: &dyn Deadlines, clock: &ManualClock) {
    port.deadline_set(&id("acme"), clock.now()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(port.deadlines_due(clock.now(), 10).await.unwrap(), [id("acme")]);
    }
    port.deadline_set(&id("acme"), clock.now() + SECOND).await.unwrap();
    assert_eq!(port.deadlines_due(clock.now(), 10).await.unwrap(), []);
}

pub async fn a_due_deadline_is_found_among_a_thousand_that_are_not(port: &dyn Deadlines, clock: &ManualClock) {
    let tenants: Vec<TenantId> = (0..1_000).map(|n| id(&format!("t{n}"))).collect();
    for result in join_all(tenants.iter().map(|tenant| port.deadline_set(tenant, clock.now() + SECOND))).await {
        result.unwrap();
    }
    port.deadline_set(&tenants[500], clock.now()).await.unwrap();
    assert_eq!(port.deadlines_due(clock.now(), 10).await.unwrap(), [tenants[500].clone()]);
    assert_eq!(port.deadlines_due(clock.now() + SECOND, 5_000).await.unwrap().len(), 1_000);
}
