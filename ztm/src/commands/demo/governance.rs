//! The demo's governance act: a flood of jobs by one tenant while the others are served, a budget that runs out, and the
//! books.

use std::time::Duration;

use anyhow::Context;
use futures::{StreamExt, TryStreamExt};
use libtenancy::{
    api::{
        jobs::SubmitJob,
        quotas::{BudgetBody, GrantCredits, SetQuota},
    },
    clock::Stopwatch,
    credits::MicroCredits,
};

use super::stage::{Actor, BOUND, Stage};
use crate::client::Client;

/// Jobs of the flood.
pub(super) const FLOOD: usize = 300;

/// What the first actor writes when its budget is used up.
pub(super) const OVER_BUDGET: [&str; 2] = ["over budget 1;", "over budget 2;"];

/// What was seen.
pub(super) struct Seen {
    /// The longest that another tenant's single job took from its submission to its end.
    pub(super) longest: Duration,
    /// Of the flood, what had ended when the last of the others' jobs had.
    pub(super) flood_done: usize,
    /// What the whole flood took.
    pub(super) flood: Duration,
    /// Messages of the chat when the budget was gone: what was said of it.
    pub(super) told: u64,
    /// Whether its message was answered after the grant.
    pub(super) resumed: bool,
    /// Rows of the ledger, and credits that are too many or too few in it.
    pub(super) rows: u64,
    pub(super) imbalance: MicroCredits,
}

fn job(actor: &Actor, n: usize) -> SubmitJob {
    SubmitJob {
        tenant_id: actor.id.clone(),
        prompt: format!("job {n} of {}", actor.id),
        cost_gpu_seconds: MicroCredits::credits(1),
        ..SubmitJob::default()
    }
}

async fn submit(client: &Client, actor: &Actor, n: usize) -> anyhow::Result<String> {
    Ok(client.job_submit(job(actor, n), &format!("demo-{}-{n}", actor.id)).await?.job_id)
}

async fn over(client: &Client, id: &str) -> anyhow::Result<()> {
    let watch = Stopwatch::start();
    while watch.elapsed() < BOUND {
        let job = client.job_wait(id, BOUND).await?;
        match job.status.as_str() {
            "succeeded" => return Ok(()),
            "dead" | "cancelled" => anyhow::bail!("`{id}` is {}", job.status),
            _ => {}
        }
    }
    anyhow::bail!("`{id}` did not end within {BOUND:?}")
}

/// The act.
pub(super) async fn perform(stage: &Stage, actors: &[Actor]) -> anyhow::Result<Seen> {
    let client = &stage.client()?;
    let (first, others) = actors.split_first().context("nobody acts")?;
    let watch = Stopwatch::start();
    let flood: Vec<String> =
        futures::stream::iter(0..FLOOD).map(|n| submit(client, first, n)).buffer_unordered(16).try_collect().await?;
    // The others come while the flood waits.
    let mut longest = Duration::ZERO;
    for actor in others {
        let single = Stopwatch::start();
        over(client, &submit(client, actor, 0).await?).await?;
        longest = longest.max(single.elapsed());
    }
    let flood_done = client.job_list(Some(&first.id), Some("succeeded")).await?.jobs.len();
    for id in &flood {
        over(client, id).await?;
    }
    let flood = watch.elapsed();
    let (told, resumed) = budget(stage, client, first).await?;
    let audit = client.spend_audit().await?;
    Ok(Seen { longest, flood_done, flood, told, resumed, rows: audit.rows, imbalance: audit.totals.imbalance() })
}

/// A budget that is used up: the chat is told once, messages are kept, and a grant lets them be answered.
async fn budget(stage: &Stage, client: &Client, actor: &Actor) -> anyhow::Result<(u64, bool)> {
    let change = |budget| SetQuota { budget, no_budget: false, ..SetQuota::default() };
    let nothing = BudgetBody { period: "month".to_owned(), credits: MicroCredits::ZERO, hard: true };
    client.quota_set(&actor.id, change(Some(nothing))).await?;
    let double = &stage.double;
    let before = double.sent_count(actor.chat);
    double.message_push(&actor.token, actor.chat, OVER_BUDGET[0])?;
    double
        .wait_until("the chat to be told", BOUND, |double| (double.sent_count(actor.chat) > before).then_some(()))
        .await?;
    double.message_push(&actor.token, actor.chat, OVER_BUDGET[1])?;
    let tenant = client.tenant_get(&actor.id).await?;
    anyhow::ensure!(tenant.suspended.is_some(), "a tenant without a budget is not suspended");
    let told = double.sent_count(actor.chat) - before;
    let grant = GrantCredits { credits: MicroCredits::credits(1_000), expires_in_s: Some(3_600), name: None };
    client.credits_grant(&actor.id, grant).await?;
    let answered = double
        .wait_until("the kept messages to be answered", BOUND, |double| {
            let sent = double.sent(actor.chat);
            OVER_BUDGET.iter().all(|text| sent.iter().any(|sent| sent.text.contains(text))).then_some(())
        })
        .await;
    client.quota_set(&actor.id, SetQuota { no_budget: true, ..SetQuota::default() }).await?;
    Ok((told, answered.is_ok()))
}
