//! `ztm tenant wait`.

use std::time::Duration;

use anyhow::Result;
use libtenancy::{
    Error,
    api::{TenantView, feed::EventLine},
    clock::Timestamp,
    tenant::StopReason,
};

use crate::{
    cli::tenant::{WaitArgs, WaitState},
    commands::Context,
    exit::Hinted,
    view::tenant::Waited,
    watch::{News, Watch},
};

/// Between two looks at a record while nobody answers.
const AWAY: Duration = Duration::from_millis(500);

/// Waits until a tenant is what was asked for, or cannot become it.
pub async fn wait(ctx: &Context, args: &WaitArgs) -> Result<()> {
    let waited = tokio::time::timeout(args.timeout, settled(ctx, args)).await;
    let state = waited.map_err(|_| {
        let what = format!("waiting for `{}` to be {}", args.tenant, label(args.state));
        let (subject, tenant) = (if args.state == WaitState::Running { "wake" } else { "tenant" }, &args.tenant);
        let hint = format!("`ztm why {subject} {tenant}` says what holds it up; `--timeout` waits longer");
        Hinted::new(Error::Timeout { what, after: args.timeout }, hint)
    })??;
    ctx.printer.show(&Waited { tenant_id: args.tenant.clone(), state })
}

async fn settled(ctx: &Context, args: &WaitArgs) -> Result<&'static str> {
    let client = ctx.client().await?;
    let mut watch: Option<Watch<'_>> = None;
    let mut begun: Option<Begun> = None;
    loop {
        let tenant = match client.tenant_get(&args.tenant).await {
            Ok(tenant) => Some(tenant),
            Err(Error::NotFound { .. }) => None,
            // One that is away for a moment comes back; the watch waits for that.
            Err(Error::Unavailable { .. }) if watch.is_some() => {
                tokio::time::sleep(AWAY).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let begun = &*begun.get_or_insert_with(|| Begun::of(tenant.as_ref()));
        if reached(args.state, &args.tenant, tenant.as_ref(), begun)? {
            return Ok(label(args.state));
        }
        // Nobody moves a record while no control plane runs.
        client.plane("waiting for a change")?;
        match &mut watch {
            None => watch = Some(Watch::begin(&ctx.settings, &ctx.printer).await?),
            Some(watch) => loop {
                match watch.next().await? {
                    News::Tenant(line) if line.id == args.tenant => break,
                    News::Gone(id) if id == args.tenant => break,
                    // What began and ended between two looks at the record.
                    News::Event(event)
                        if event.tenant.as_ref() == Some(&args.tenant) && came_to_be(args.state, &event, begun)? =>
                    {
                        return Ok(label(args.state));
                    }
                    // What changed before it was listened to is in the record.
                    News::Whole => break,
                    _ => {}
                }
            },
        }
    }
}

fn label(state: WaitState) -> &'static str {
    match state {
        WaitState::Running => "running",
        WaitState::Idle => "idle",
        WaitState::Deleted => "deleted",
    }
}

/// The record at the first look: what happened before it is nothing that is waited for.
struct Begun {
    generation: u64,
    since: Timestamp,
}

impl Begun {
    /// Of one that is not there, nothing happened before.
    fn of(tenant: Option<&TenantView>) -> Self {
        let (generation, since) = tenant.map_or_else(Default::default, |tenant| (tenant.generation, tenant.since));
        Self { generation, since }
    }
}

/// That a wake failed, in its own words once.
fn wake_failed(id: &str, why: &str) -> Error {
    let own = Error::AgentFailed { tenant: id.to_owned(), reason: String::new() }.to_string();
    let why = why.strip_prefix(own.trim_end()).map_or(why, str::trim_start);
    Error::AgentFailed { tenant: id.to_owned(), reason: format!("its wake failed: {why}") }
}

/// Whether something that happened since the first look was what is waited for, though it may be over again; an error if it
/// was a wake that failed.
fn came_to_be(state: WaitState, event: &EventLine, begun: &Begun) -> Result<bool, Error> {
    if event.at <= begun.since {
        return Ok(false);
    }
    match (state, event.what.as_str()) {
        (WaitState::Running, "woken") | (WaitState::Idle, "stopped" | "lost" | "failed") => Ok(true),
        (WaitState::Running, "failed") => {
            let id = event.tenant.as_deref().unwrap_or_default();
            Err(wake_failed(id, event.text.strip_prefix("wake failed: ").unwrap_or(&event.text)))
        }
        _ => Ok(false),
    }
}

/// Whether the tenant is what is waited for; an error if it cannot become that by itself.
fn reached(state: WaitState, id: &str, tenant: Option<&TenantView>, begun: &Begun) -> Result<bool, Error> {
    let Some(tenant) = tenant else {
        return if state == WaitState::Deleted { Ok(true) } else { Err(Error::not_found("tenant", id)) };
    };
    let cannot = |status, reason: String| Err(Error::IllegalState { tenant: id.to_owned(), status, reason });
    match (state, tenant.status.as_str()) {
        (WaitState::Running, "running") | (WaitState::Idle, "idle") => Ok(true),
        (WaitState::Running | WaitState::Idle, "terminated") => cannot("terminated", "it is being deleted".to_owned()),
        (WaitState::Running, _) if tenant.suspended.is_some() => {
            cannot("suspended", tenant.suspended.clone().unwrap_or_default())
        }
        (WaitState::Running, "idle") => match &tenant.stop_reason {
            // One that failed before the first look was no wake of these.
            Some(StopReason::WakeFailed(why)) if tenant.generation > begun.generation => Err(wake_failed(id, why)),
            _ => Ok(false),
        },
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(status: &str, stop_reason: Option<StopReason>, suspended: Option<&str>) -> TenantView {
        let at = libtenancy::clock::Timestamp::default();
        TenantView {
            tenant_id: "alice".into(),
            status: status.into(),
            suspended: suspended.map(str::to_owned),
            suspended_since: None,
            generation: 1,
            since: at,
            stop_reason,
            pod_name: None,
            pod_ip: None,
            bot_id: None,
            webhook_url: None,
            created_at: at,
            last_active_at: at,
            idle_timeout_s: 300,
            labels: libtenancy::labels::Labels::default(),
            s3_prefix: "tenants/alice/".into(),
            snapshot: None,
            last_wake: None,
        }
    }

    #[test]
    fn a_wait_ends_on_success_and_on_what_cannot_become_one() {
        use WaitState::{Deleted, Idle, Running};
        let failed = Some(StopReason::WakeFailed("exit status: 1".into()));
        let lost = Some(StopReason::Lost("killed".into()));
        let before = Begun { generation: 0, since: Timestamp::default() };
        for (state, tenant, expected) in [
            (Running, Some(tenant("running", None, None)), "yes"),
            (Running, Some(tenant("provisioning", None, None)), "no"),
            (Running, Some(tenant("stopping", Some(StopReason::Idle), None)), "no"),
            (Running, Some(tenant("idle", None, None)), "no"),
            (Running, Some(tenant("idle", lost, None)), "no"),
            (Running, Some(tenant("idle", failed.clone(), None)), "agent_failed"),
            (Running, Some(tenant("idle", None, Some("no budget"))), "illegal_state"),
            (Running, Some(tenant("terminated", None, None)), "illegal_state"),
            (Running, None, "not_found"),
            (Idle, Some(tenant("idle", failed, None)), "yes"),
            (Idle, Some(tenant("running", None, None)), "no"),
            (Idle, None, "not_found"),
            (Idle, Some(tenant("terminated", None, None)), "illegal_state"),
            (Deleted, None, "yes"),
            (Deleted, Some(tenant("terminated", None, None)), "no"),
            (Deleted, Some(tenant("running", None, None)), "no"),
        ] {
            let label = tenant.as_ref().map(|t| t.status.clone());
            let outcome = word(reached(state, "alice", tenant.as_ref(), &before));
            assert_eq!(outcome, expected, "{state:?} {label:?}");
        }
    }

    fn word(outcome: Result<bool, Error>) -> &'static str {
        match outcome {
            Ok(true) => "yes",
            Ok(false) => "no",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn only_a_wake_that_failed_since_the_wait_began_ends_it_and_its_words_come_once() {
        let why = "the agent of `alice` failed: it exited with status 3";
        let failed = tenant("idle", Some(StopReason::WakeFailed(why.into())), None);
        let begun = Begun::of(Some(&failed));
        assert_eq!(word(reached(WaitState::Running, "alice", Some(&failed), &begun)), "no");
        let later = TenantView { generation: 3, ..failed };
        let error = reached(WaitState::Running, "alice", Some(&later), &begun).unwrap_err();
        assert_eq!(error.to_string(), "the agent of `alice` failed: its wake failed: it exited with status 3");
    }

    #[test]
    fn what_was_between_two_looks_counts_and_what_was_before_the_first_does_not() {
        use WaitState::{Deleted, Idle, Running};
        let begun = Begun { generation: 1, since: Timestamp::from_micros(5) };
        for (state, what, at, expected) in [
            (Running, "woken", 6, "yes"),
            (Running, "woken", 5, "no"),
            (Running, "waking", 6, "no"),
            (Running, "failed", 6, "agent_failed"),
            (Running, "failed", 4, "no"),
            (Running, "stopped", 6, "no"),
            (Idle, "stopped", 6, "yes"),
            (Idle, "lost", 6, "yes"),
            (Idle, "stopped", 5, "no"),
            (Idle, "woken", 6, "no"),
            (Deleted, "stopped", 6, "no"),
        ] {
            let at = Timestamp::from_micros(at);
            let (tenant, what) = (Some("alice".to_owned()), what.to_owned());
            let event = EventLine { at, tenant, what, text: "wake failed: it".to_owned(), wake: None };
            assert_eq!(word(came_to_be(state, &event, &begun)), expected, "{state:?} {event:?}");
        }
    }
}
