//! The demo's governance act: a flood of jobs by one tenant while the others are served, a budget that runs out, and the
//! books.

use std::time::Duration;

use anyhow::Context;
use futures::{StreamExt, TryStreamExt};
use libtenancy::{
    api::{
        jobs::SubmitJob,
        quotas::{BudgetBody, GrantCredits, SetQuota},
        spend::AuditReport,
    },
    clock::Stopwatch,
    credits::MicroCredits,
};

use super::stage::{Actor, BOUND, Stage};
use crate::client::{Client, Rows};

/// Jobs of the flood.
pub(super) const FLOOD: usize = 300;

/// What the first actor writes when its budget is used up.
pub(super) const OVER_BUDGET: [&str; 2] = ["over budget 1;", "over budget 2;"];

/// What was seen.
pub(super) struct Seen {
    /// The longest that another tenant's single job took from its submission to its end.
    pub(super) longest: Duration,
    /// The most jobs of the flood that began between another tenant's submission and its job's own start.
    pub(super) starts_before: usize,
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
    let client = &stage.client().await?;
    let (first, others) = actors.split_first().context("nobody acts")?;
    let watch = Stopwatch::start();
    let flood: Vec<String> =
        futures::stream::iter(0..FLOOD).map(|n| submit(client, first, n)).buffer_unordered(16).try_collect().await?;
    // The others come while the flood waits.
    let (mut longest, mut singles) = (Duration::ZERO, Vec::new());
    for actor in others {
        let single = Stopwatch::start();
        let id = submit(client, actor, 0).await?;
        over(client, &id).await?;
        longest = longest.max(single.elapsed());
        singles.push(id);
    }
    for id in &flood {
        over(client, id).await?;
    }
    let flood = watch.elapsed();
    let (told, resumed) = budget(stage, client, first).await?;
    let audit = drained(client).await?;
    let starts_before = starts_before(client, first, &singles).await?;
    Ok(Seen { longest, starts_before, flood, told, resumed, rows: audit.rows, imbalance: audit.totals.imbalance() })
}

/// The audit once every row is in the ledger.
async fn drained(client: &Client) -> anyhow::Result<AuditReport> {
    let watch = Stopwatch::start();
    while watch.elapsed() < BOUND {
        let audit = client.spend_audit(None).await?;
        if audit.undrained == 0 {
            return Ok(audit);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("the ledger was not up to date within {BOUND:?}")
}

/// From the ledger: how many jobs of the flood began between the submission of one of the others' jobs and its start, at most.
async fn starts_before(client: &Client, first: &Actor, singles: &[String]) -> anyhow::Result<usize> {
    let (mut starts, mut after) = (Vec::new(), None);
    loop {
        let page = client.spend_rows(&Rows::default(), after.as_deref()).await?;
        starts.extend(page.rows.into_iter().filter(|row| row.kind == "hold" && row.label == "claim"));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut most = 0;
    for id in singles {
        let submitted_at = client.job_get(id).await?.submitted_at;
        let serial = id.rsplit('.').next().unwrap_or_default();
        let own = starts.iter().find(|row| row.reference == serial).context("a job without a start")?;
        let before =
            starts.iter().filter(|row| row.tenant_id == first.id && row.at >= submitted_at && row.seq < own.seq);
        most = most.max(before.count());
    }
    Ok(most)
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
    let grant =
        GrantCredits { credits: MicroCredits::credits(1_000), expires_in_s: Some(3_600), expires_at: None, name: None };
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
