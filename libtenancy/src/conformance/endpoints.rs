//! Every driver of the cache of endpoints.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::time::Duration;

use super::{agent, id, just_within};
use crate::{
    clock::{Clock, ManualClock},
    ports::endpoints::{ENDPOINT_TTL, Endpoints},
    tenant::{Agent, Endpoint, Generation, WorkloadId},
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! endpoints_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(endpoints, $driver, [$($reason)?], [
            a_cached_endpoint_is_read_back_whole,
            nothing_is_cached_at_first,
            an_endpoint_expires,
            a_later_put_extends_an_endpoint,
            a_later_generation_replaces_an_endpoint,
            s5_an_earlier_generation_does_not_replace_a_later_one,
            s5_an_endpoint_of_a_stopped_agent_is_forgotten,
            a_stop_does_not_forget_the_next_agents_endpoint,
            a_repeated_removal_is_no_error,
            whatever_is_cached_can_be_forgotten,
            endpoints_of_different_tenants_are_independent,
        ]);
    };
}

pub async fn a_cached_endpoint_is_read_back_whole(port: &dyn Endpoints, clock: &ManualClock) {
    let agents = [
        agent(Generation(1)),
        Agent {
            workload: WorkloadId("pod/zeroclaw-acme \"x\"".to_owned()),
            generation: Generation(2),
            endpoint: Endpoint::Tcp("10.1.2.3:3000".parse().unwrap()),
        },
        Agent {
            workload: WorkloadId(String::new()),
            generation: Generation(3),
            endpoint: Endpoint::Tcp("[fd00::1]:3000".parse().unwrap()),
        },
    ];
    for agent in agents {
        port.endpoint_put(&id("acme"), &agent, clock.now() + ENDPOINT_TTL).await.unwrap();
        assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), Some(agent));
    }
}

pub async fn nothing_is_cached_at_first(port: &dyn Endpoints, clock: &ManualClock) {
    assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), None);
}

pub async fn an_endpoint_expires(port: &dyn Endpoints, clock: &ManualClock) {
    let agent = agent(Generation(1));
    port.endpoint_put(&id("acme"), &agent, clock.now() + ENDPOINT_TTL).await.unwrap();
    clock.advance(just_within(ENDPOINT_TTL));
    assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), Some(agent));
    clock.advance(Duration::from_secs(1));
    assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), None);
}

pub async fn a_later_put_extends_an_endpoint(port: &dyn Endpoints, clock: &ManualClock) {
    let agent = agent(Generation(1));
    for _ in 0..3 {
        port.endpoint_put(&id("acme"), &agent, clock.now() + ENDPOINT_TTL).await.unwrap();
        clock.advance(ENDPOINT_TTL / 2);
    }
    assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), Some(agent));
}

pub async fn a_later_generation_replaces_an_endpoint(port: &dyn Endpoints, clock: &ManualClock) {
    for generation in [1, 2, 9] {
        let agent = agent(Generation(generation));
        port.endpoint_put(&id("acme"), &agent, clock.now() + ENDPOINT_TTL).await.unwrap();
        assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), Some(agent));
    }
}

pub async fn s5_an_earlier_generation_does_not_replace_a_later_one(port: &dyn Endpoints, clock: &ManualClock) {
    let (old, new) = (agent(Generation(4)), agent(Generation(5)));
    port.endpoint_put(&id("acme"), &new, clock.now() + ENDPOINT_TTL).await.unwrap();
    port.endpoint_put(&id("acme"), &old, clock.now() + ENDPOINT_TTL * 2).await.unwrap();
    assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), Some(new));
}

pub async fn s5_an_endpoint_of_a_stopped_agent_is_forgotten(port: &dyn Endpoints, clock: &ManualClock) {
    for up_to in [5, 6] {
        port.endpoint_put(&id("acme"), &agent(Generation(5)), clock.now() + ENDPOINT_TTL).await.unwrap();
        port.endpoint_remove(&id("acme"), Generation(up_to)).await.unwrap();
        assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), None);
    }
}

pub async fn a_stop_does_not_forget_the_next_agents_endpoint(port: &dyn Endpoints, clock: &ManualClock) {
    let next = agent(Generation(6));
    port.endpoint_put(&id("acme"), &next, clock.now() + ENDPOINT_TTL).await.unwrap();
    port.endpoint_remove(&id("acme"), Generation(5)).await.unwrap();
    assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), Some(next));
}

pub async fn a_repeated_removal_is_no_error(port: &dyn Endpoints, clock: &ManualClock) {
    port.endpoint_put(&id("acme"), &agent(Generation(5)), clock.now() + ENDPOINT_TTL).await.unwrap();
    for _ in 0..2 {
        port.endpoint_remove(&id("acme"), Generation(5)).await.unwrap();
    }
    assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), None);
}

pub async fn endpoints_of_different_tenants_are_independent(port: &dyn Endpoints, clock: &ManualClock) {
    let (a, b) = (agent(Generation(1)), agent(Generation(2)));
    port.endpoint_put(&id("a"), &a, clock.now() + ENDPOINT_TTL).await.unwrap();
    port.endpoint_put(&id("b"), &b, clock.now() + ENDPOINT_TTL).await.unwrap();
    port.endpoint_remove(&id("b"), Generation(2)).await.unwrap();
    assert_eq!(port.endpoint_get(&id("a"), clock.now()).await.unwrap(), Some(a));
    assert_eq!(port.endpoint_get(&id("b"), clock.now()).await.unwrap(), None);
}

pub async fn whatever_is_cached_can_be_forgotten(port: &dyn Endpoints, clock: &ManualClock) {
    port.endpoint_put(&id("acme"), &agent(Generation(7)), clock.now() + ENDPOINT_TTL).await.unwrap();
    port.endpoint_remove(&id("acme"), Generation(u64::MAX)).await.unwrap();
    assert_eq!(port.endpoint_get(&id("acme"), clock.now()).await.unwrap(), None);
}
