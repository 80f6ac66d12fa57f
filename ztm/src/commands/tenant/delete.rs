//! `ztm tenant delete`.

use anyhow::Result;
use libtenancy::{Error, api::TenantView};

use crate::{
    cli::tenant::DeleteArgs,
    client::Client,
    commands::Context,
    confirm,
    view::{counted, size},
};

/// Deletes a tenant after a person, or `--yes`, has confirmed it.
pub async fn delete(ctx: &Context, args: &DeleteArgs) -> Result<()> {
    let client = ctx.client().await?;
    client.plane("deleting a tenant")?;
    let yes = args.yes || ctx.settings.rehearses.is_some();
    let losses = if yes { Vec::new() } else { losses(&client, args).await? };
    if !yes && !args.purge && confirm::can_ask() {
        ctx.printer.note("what its agent remembers is kept; `--purge` destroys that too");
    }
    confirm::name_typed(&format!("deleting `{}`", args.tenant), &losses, &args.tenant, yes)?;
    ctx.printer.show(&client.tenant_delete(&args.tenant, !args.purge).await?)
}

/// What dies with the tenant. Fails if there is none, so that nobody confirms a typing error.
async fn losses(client: &Client, args: &DeleteArgs) -> Result<Vec<String>> {
    let tenant: TenantView = client.tenant_get(&args.tenant).await?;
    let mut losses = vec![format!("the tenant (status {})", tenant.status)];
    if let Some(agent) = &tenant.pod_name {
        losses.push(format!("its agent {agent}, which is stopped"));
    }
    if let Some(url) = tenant.webhook_url.as_deref().filter(|url| !url.is_empty()) {
        losses.push(format!("its webhook {url}"));
    }
    let waiting = match client.update_list(Some(&args.tenant), None).await {
        Ok(list) => list.updates.iter().filter(|u| !matches!(u.stage.as_str(), "handled" | "dropped")).count(),
        // A tenant of an older system has no inbox of ours.
        Err(Error::Invalid { .. } | Error::NotFound { .. }) => 0,
        Err(error) => return Err(error.into()),
    };
    if waiting > 0 {
        losses.push(format!("{} not answered", counted(waiting, "message")));
    }
    if args.purge {
        let snapshot = tenant.snapshot.map_or_else(String::new, |s| format!(" (last snapshot: {})", size(s.bytes)));
        losses.push(format!("everything its agent remembers{snapshot}"));
    }
    Ok(losses)
}
