//! What a claim picks, and what holds it back.

use std::time::Duration;

use futures::future::join_all;

use super::{
    MINUTE, SECOND, balance, claim, claim_one, credits, end, id, job, job_id, submit, submit_many, succeeded, tenants,
    with_purse, worker,
};
use crate::{
    clock::{Clock, ManualClock},
    error::Error,
    jobs::{JobEpoch, JobId, JobState, KEEP_DEAD, LEASE, NewJob},
    partition::QuotaPatch,
    ports::jobs::Jobs,
    ports::quotas::Quotas,
    quota::{Blocked, Budget, Grant, NEVER, Period, Standing},
};

pub async fn an_empty_queue_has_nothing_to_claim<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let claimed = port.jobs_claim(0, &worker(), 10, LEASE).await.unwrap();
    assert_eq!(claimed, crate::partition::Claimed::default());
}

pub async fn a_claim_hands_over_the_job_under_a_lease_and_a_hold<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 10).await;
    let leased = claim_one(port).await;
    assert_eq!((leased.id.clone(), leased.prompt.as_str(), leased.cost), (job_id("acme", 1), "do 1", credits(10)));
    assert_eq!((leased.attempt, leased.lease_until, leased.pointer), (1, clock.now() + LEASE, None));
    let job = port.job_get(&leased.id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Running { worker: worker(), lease_until: clock.now() + LEASE });
    assert_eq!((job.attempts, job.epoch, job.hold.amount), (1, leased.epoch, credits(10)));
    assert_eq!(balance(port, "acme").await, (credits(3_590), credits(10)));
    let account = port.account_get(&id("acme")).await.unwrap().unwrap();
    assert_eq!((account.running, account.standing), (1, Standing::Idle));
}

pub async fn a_claim_takes_no_more_than_it_asks_for_and_a_repeat_takes_others<P: Jobs + Quotas>(
    port: &P,
    _clock: &ManualClock,
) {
    submit_many(port, "acme", 0, 5, 1).await;
    let (first, second, third) = (claim(port, 2).await, claim(port, 2).await, claim(port, 2).await);
    let claimed: Vec<JobId> = [&first, &second, &third].into_iter().flatten().map(|job| job.id.clone()).collect();
    assert_eq!(claimed, (0..5).map(|n| job_id("acme", n)).collect::<Vec<_>>(), "in the order of their submission");
    let epochs: Vec<JobEpoch> = [first, second, third].iter().flatten().map(|job| job.epoch).collect();
    assert!(epochs.is_sorted_by(|a, b| a < b), "every claim has a higher epoch: {epochs:?}");
    assert_eq!(claim(port, 0).await, []);
}

pub async fn ten_concurrent_claims_take_every_job_once<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 25, 1).await;
    let claims = join_all((0..10).map(|_| claim(port, 3))).await;
    let mut ids: Vec<JobId> = claims.into_iter().flatten().map(|job| job.id).collect();
    ids.sort();
    assert_eq!(ids, (0..25).map(|n| job_id("acme", n)).collect::<Vec<_>>());
}

pub async fn m19_tenants_take_turns_whatever_one_of_them_has_waiting<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 20, 1).await;
    submit_many(port, "beta", 0, 4, 1).await;
    let jobs = claim(port, 8).await;
    assert_eq!(tenants(&jobs), ["acme", "beta", "acme", "beta", "acme", "beta", "acme", "beta"]);
    assert_eq!(tenants(&claim(port, 2).await), ["acme", "acme"]);
}

pub async fn m19_a_tenant_with_one_job_is_not_behind_a_flood<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "flood", 0, 200, 1).await;
    claim(port, 50).await;
    submit_many(port, "light", 0, 1, 1).await;
    let next = claim(port, 2).await;
    assert!(tenants(&next).contains(&"light"), "one other start at most goes before it");
}

pub async fn starts_are_shared_as_the_weights<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let heavy = QuotaPatch { weight: Some(300), ..QuotaPatch::default() };
    port.quota_set(&id("heavy"), &heavy).await.unwrap();
    submit_many(port, "heavy", 0, 60, 1).await;
    submit_many(port, "light", 0, 60, 1).await;
    let jobs = claim(port, 40).await;
    let of_heavy = tenants(&jobs).iter().filter(|tenant| **tenant == "heavy").count();
    assert!((29..=31).contains(&of_heavy), "{of_heavy} of 40 at a weight of 3 to 1");
}

pub async fn work_split_over_many_agents_gains_its_tenant_nothing<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let split = (0..40).map(|n| NewJob { agent: format!("agent-{n}").parse().unwrap(), ..job("many", n, 1) });
    for submitted in port.jobs_submit(split.collect()).await.unwrap() {
        submitted.unwrap();
    }
    submit_many(port, "one", 0, 40, 1).await;
    let jobs = claim(port, 20).await;
    assert_eq!(tenants(&jobs).iter().filter(|tenant| **tenant == "many").count(), 10);
}

pub async fn the_agents_of_a_tenant_take_turns<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    for (agent, from) in [("first", 0), ("second", 10)] {
        for n in from..from + 3 {
            submit(port, NewJob { agent: agent.parse().unwrap(), ..job("acme", n, 1) }).await.unwrap();
        }
    }
    let jobs = claim(port, 6).await;
    let agents: Vec<&str> = jobs.iter().map(|job| job.agent.as_str()).collect();
    assert_eq!(agents, ["first", "second", "first", "second", "first", "second"]);
}

pub async fn a_costly_job_counts_for_as_much_as_many_cheap_ones<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "costly", 0, 3, 10).await;
    submit_many(port, "thrifty", 0, 30, 1).await;
    let jobs = claim(port, 12).await;
    assert_eq!(tenants(&jobs).iter().filter(|tenant| **tenant == "costly").count(), 2, "{:?}", tenants(&jobs));
}

pub async fn what_was_announced_and_not_used_is_given_back_in_the_order_too<P: Jobs + Quotas>(
    port: &P,
    _clock: &ManualClock,
) {
    submit_many(port, "careful", 0, 3, 100).await;
    submit_many(port, "exact", 0, 30, 1).await;
    let first = claim_one(port).await;
    assert_eq!(first.id.tenant(), &id("careful"));
    end(port, &first, succeeded(), 1).await.unwrap();
    let next = claim(port, 3).await;
    assert!(tenants(&next).contains(&"careful"), "{:?}", tenants(&next));
}

pub async fn a_tenant_that_was_away_saves_up_no_turns<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "busy", 0, 60, 1).await;
    claim(port, 20).await;
    submit_many(port, "away", 0, 20, 1).await;
    let jobs = claim(port, 10).await;
    let of_away = tenants(&jobs).iter().filter(|tenant| **tenant == "away").count();
    assert!((5..=6).contains(&of_away), "its share from now on: {:?}", tenants(&jobs));
}

pub async fn recent_use_delays_a_tenant_that_comes_back<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "bursts", 0, 1, 30).await;
    end(port, &claim_one(port).await, succeeded(), 30).await.unwrap();
    // It is idle again; the virtual time has not moved on.
    submit_many(port, "bursts", 1, 1, 1).await;
    submit_many(port, "steady", 0, 20, 1).await;
    assert_eq!(tenants(&claim(port, 5).await), ["steady"; 5]);
    // Long after, nobody remembers.
    claim(port, 100).await;
    clock.advance(KEEP_DEAD);
    while port.jobs_reap(0, 100).await.unwrap().more {}
    submit_many(port, "bursts", 100, 1, 1).await;
    submit_many(port, "steady", 100, 20, 1).await;
    let jobs = claim(port, 50).await;
    let place = jobs.iter().filter(|job| job.attempt == 1).position(|job| job.id == job_id("bursts", 100));
    assert!(place.is_some_and(|place| place <= 22), "{place:?}");
}

pub async fn a_higher_priority_goes_first_within_its_tenant_only<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 2, 1).await;
    submit(port, NewJob { priority: 9, ..job("beta", 0, 1) }).await.unwrap();
    submit(port, NewJob { priority: 0, ..job("beta", 1, 1) }).await.unwrap();
    submit(port, NewJob { priority: 9, ..job("beta", 2, 1) }).await.unwrap();
    let jobs = claim(port, 10).await;
    assert_eq!(tenants(&jobs), ["acme", "beta", "acme", "beta", "beta"], "a priority buys no turn from others");
    let of_beta: Vec<JobId> = jobs.into_iter().map(|job| job.id).filter(|job| job.tenant() == &id("beta")).collect();
    assert_eq!(of_beta, [job_id("beta", 0), job_id("beta", 2), job_id("beta", 1)]);
}

pub async fn no_more_jobs_run_than_the_tenant_may<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    port.quota_set(&id("acme"), &QuotaPatch { max_running: Some(2), ..QuotaPatch::default() }).await.unwrap();
    submit_many(port, "acme", 0, 5, 1).await;
    submit_many(port, "beta", 0, 1, 1).await;
    let jobs = claim(port, 10).await;
    assert_eq!(tenants(&jobs).iter().filter(|tenant| **tenant == "acme").count(), 2);
    assert_eq!(jobs.len(), 3, "a capped tenant stands in nobody's way");
    assert_eq!(claim(port, 10).await, []);
    assert_eq!(port.account_get(&id("acme")).await.unwrap().unwrap().standing, Standing::Capped);
}

pub async fn a_capped_tenant_takes_its_turn_again_when_a_job_ends_or_its_cap_is_raised<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    port.quota_set(&id("acme"), &QuotaPatch { max_running: Some(1), ..QuotaPatch::default() }).await.unwrap();
    submit_many(port, "acme", 0, 6, 1).await;
    let jobs = claim(port, 10).await;
    assert_eq!(claim(port, 10).await, []);
    end(port, &jobs[0], succeeded(), 1).await.unwrap();
    assert_eq!(claim(port, 10).await.len(), 1, "one has ended");
    assert_eq!(claim(port, 10).await, []);
    port.quota_set(&id("acme"), &QuotaPatch { max_running: Some(2), ..QuotaPatch::default() }).await.unwrap();
    assert_eq!(claim(port, 10).await.len(), 1, "two may run");
    assert_eq!(claim(port, 10).await, []);
    clock.advance(LEASE);
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().requeued, 2);
    assert_eq!(claim(port, 10).await.len(), 2, "two have lapsed");
}

pub async fn m19_no_more_leases_than_the_capacity<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    port.capacity_set(0, 3).await.unwrap();
    submit_many(port, "acme", 0, 5, 1).await;
    let jobs = claim(port, 10).await;
    assert_eq!(jobs.len(), 3);
    assert_eq!(claim(port, 10).await, []);
    end(port, &jobs[0], succeeded(), 1).await.unwrap();
    assert_eq!(claim(port, 10).await.len(), 1);
    clock.advance(LEASE);
    assert_eq!(claim(port, 10).await, [], "a lapsed lease counts until it is reaped");
    port.jobs_reap(0, 10).await.unwrap();
    assert_eq!(claim(port, 10).await.len(), 1);
    port.capacity_set(0, 0).await.unwrap();
    clock.advance(MINUTE);
    assert_eq!(claim(port, 10).await.len(), 3, "no limit: those that lapsed");
}

pub async fn a_tenant_without_credits_is_parked_until_its_refill<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 0, 2, 3_600).await;
    assert_eq!(claim(port, 2).await.len(), 1);
    let until = clock.now() + Duration::from_secs(3_600);
    let claimed = port.jobs_claim(0, &worker(), 1, LEASE).await.unwrap();
    assert_eq!((claimed.jobs.len(), claimed.next), (0, Some(until)));
    let account = port.account_get(&id("acme")).await.unwrap().unwrap();
    assert_eq!(account.standing, Standing::Parked(Blocked::Credits { until: Some(until) }));
    clock.advance(Duration::from_secs(3_599));
    assert_eq!(claim(port, 1).await, []);
    clock.advance(SECOND);
    assert_eq!(claim_one(port).await.id, job_id("acme", 1));
}

pub async fn a_parked_tenant_is_moved_when_credits_come_back<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 2, 3_600).await;
    let first = claim_one(port).await;
    assert_eq!(claim(port, 1).await, []);
    end(port, &first, succeeded(), 0).await.unwrap();
    assert_eq!(claim_one(port).await.id, job_id("acme", 1), "what was not used is there again");
}

pub async fn a_tenant_that_no_refill_helps_waits_for_a_grant<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 10).await;
    submit_many(port, "acme", 0, 3, 5).await;
    assert_eq!(claim(port, 10).await.len(), 2);
    let claimed = port.jobs_claim(0, &worker(), 1, LEASE).await.unwrap();
    assert_eq!((claimed.jobs.len(), claimed.next), (0, None));
    let account = port.account_get(&acme).await.unwrap().unwrap();
    assert_eq!(account.standing, Standing::Parked(Blocked::Credits { until: None }));
    let grant = Grant { expires_at: NEVER, amount: credits(5) };
    port.credits_grant(&acme, "gift", grant).await.unwrap();
    assert_eq!(claim(port, 10).await.len(), 1);
}

pub async fn a_hard_budget_holds_jobs_back_until_its_period_ends<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let budget = Budget { period: Period::Day, limit: credits(10), hard: true };
    port.quota_set(&id("acme"), &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    submit_many(port, "acme", 0, 3, 5).await;
    for job in claim(port, 10).await {
        end(port, &job, succeeded(), 5).await.unwrap();
    }
    let (_, until) = Period::Day.at(clock.now());
    let claimed = port.jobs_claim(0, &worker(), 1, LEASE).await.unwrap();
    assert_eq!((claimed.jobs.len(), claimed.next), (0, Some(until)));
    let account = port.account_get(&id("acme")).await.unwrap().unwrap();
    assert_eq!((account.standing, account.period_spent), (Standing::Parked(Blocked::Budget { until }), credits(10)));
    let refused = submit(port, job("acme", 9, 11)).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "more than the budget: {refused:?}");
    clock.advance(until.since(clock.now()));
    assert_eq!(claim_one(port).await.id, job_id("acme", 2));
}

pub async fn a_grant_widens_the_budget_for_jobs_of_its_period<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let budget = Budget { period: Period::Day, limit: credits(10), hard: true };
    port.quota_set(&id("acme"), &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    let submit = async |n, cost| port.jobs_submit(vec![job("acme", n, cost)]).await.unwrap().remove(0);
    let grant = async |name, amount| {
        let grant = Grant { expires_at: NEVER, amount: credits(amount) };
        port.credits_grant(&id("acme"), name, grant).await.unwrap();
    };
    assert!(submit(0, 11).await.is_err());
    grant("more", 5).await;
    let refused = submit(1, 16).await.unwrap_err();
    assert!(refused.to_string().contains("the tenant's budget of 15 credits a day"), "{refused}");
    submit(2, 15).await.unwrap();
    let leased = claim_one(port).await;
    end(port, &leased, succeeded(), 15).await.unwrap();
    assert!(submit(3, 11).await.is_err(), "it is spent");
    grant("again", 20).await;
    submit(4, 20).await.unwrap();
    clock.advance(MINUTE * 1_440);
    assert!(submit(5, 11).await.is_err(), "it was of another period");
}

pub async fn a_soft_budget_holds_nothing_back<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let budget = Budget { period: Period::Month, limit: credits(10), hard: false };
    port.quota_set(&id("acme"), &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    submit_many(port, "acme", 0, 3, 8).await;
    assert_eq!(claim(port, 10).await.len(), 3);
}

pub async fn a_parked_tenant_stands_in_nobodys_way<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    with_purse(port, "acme", 1).await;
    submit_many(port, "acme", 0, 3, 1).await;
    submit_many(port, "beta", 0, 3, 1).await;
    assert_eq!(claim(port, 10).await.len(), 4);
    submit_many(port, "acme", 3, 1, 1).await;
    submit_many(port, "beta", 3, 1, 1).await;
    assert_eq!(tenants(&claim(port, 10).await), ["beta"]);
}
