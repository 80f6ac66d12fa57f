//! `ztm tenant wait`.

use std::time::Duration;

use anyhow::Result;
use libtenancy::{Error, api::TenantView, tenant::StopReason};

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
        if reached(args.state, &args.tenant, tenant.as_ref())? {
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

/// Whether the tenant is what is waited for; an error if it cannot become that by itself.
fn reached(state: WaitState, id: &str, tenant: Option<&TenantView>) -> Result<bool, Error> {
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
            Some(StopReason::WakeFailed(why)) => {
                Err(Error::AgentFailed { tenant: id.to_owned(), reason: format!("its wake failed: {why}") })
            }
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
            let outcome = match reached(state, "alice", tenant.as_ref()) {
                Ok(true) => "yes",
                Ok(false) => "no",
                Err(error) => error.code(),
            };
            assert_eq!(outcome, expected, "{state:?} {label:?}");
        }
    }
}
