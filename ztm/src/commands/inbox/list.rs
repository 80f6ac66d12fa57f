//! `ztm inbox list`.

use anyhow::Result;
use libtenancy::{
    Error,
    api::{InboxList, UpdateView},
    tenant::TenantId,
};

use crate::{
    cli::inbox::InboxListArgs,
    client::Client,
    commands::{Context, not_one},
    view,
    watch::{
        News, Watch,
        listed::{Heed, Listing, follow},
    },
};

/// Prints stored updates; then, if asked to, each one that changes.
pub async fn list(ctx: &Context, args: &InboxListArgs) -> Result<()> {
    // Listened to before it is listed: what changes in between is told afterwards.
    let watch = if args.watch { Some(Watch::begin(&ctx.settings, &ctx.printer).await?) } else { None };
    let client = ctx.client().await?;
    let list = client.update_list(args.tenant.as_deref(), args.stage.as_deref()).await?;
    if let Some(watch) = watch {
        args.tenant.as_deref().map(str::parse::<TenantId>).transpose()?;
        let updates = Updates { tenant: args.tenant.clone(), stage: args.stage.clone() };
        return follow(watch, &updates, (list.updates, &args.listing), (&ctx.settings, &ctx.printer)).await;
    }
    if list.updates.is_empty() {
        ctx.printer.note(&none(&client, args.tenant.as_deref(), args.stage.as_deref()).await?);
    }
    ctx.printer.show_rows(list, &args.listing)
}

/// What is said where no update is shown: who chose a stage is told what there was to choose from.
pub(super) async fn none(client: &Client, tenant: Option<&str>, stage: Option<&str>) -> Result<String> {
    if let Some(tenant) = tenant {
        client.tenant_get(tenant).await?;
    }
    let others = match stage {
        Some(_) => client.update_page(tenant, None, None).await?.updates,
        None => Vec::new(),
    };
    Ok(match (tenant, stage) {
        (_, Some(stage)) if !others.is_empty() => {
            not_one("message", tenant, stage, others.into_iter().map(|update| update.stage))
        }
        (None, _) => "there are no messages in any inbox".to_owned(),
        (Some(tenant), _) => format!("there are no messages in the inbox of `{tenant}`"),
    })
}

/// Updates, as they are asked for.
struct Updates {
    tenant: Option<String>,
    stage: Option<String>,
}

impl Listing for Updates {
    type List = InboxList;
    type Row = UpdateView;

    async fn all(&self, client: &Client) -> Result<Vec<UpdateView>, Error> {
        Ok(client.update_list(self.tenant.as_deref(), None).await?.updates)
    }

    async fn of(&self, client: &Client, tenant: &str) -> Result<Vec<UpdateView>, Error> {
        Ok(client.update_list(Some(tenant), None).await?.updates)
    }

    fn heed(&self, news: &News) -> Heed {
        let tenant = match news {
            News::Tenant(line) => &line.id,
            News::Gone(id) | News::Touched(id) => id,
            News::Dead => return Heed::Anything,
            _ => return Heed::Nothing,
        };
        if self.tenant.as_ref().is_none_or(|own| own == tenant) { Heed::Tenant(tenant.clone()) } else { Heed::Nothing }
    }

    fn is_quiet(&self) -> bool {
        true
    }

    fn holds(&self, update: &UpdateView) -> bool {
        self.stage.as_ref().is_none_or(|stage| *stage == update.stage)
    }

    fn name(update: &UpdateView) -> (String, String) {
        (view::inbox::name(update), update.tenant_id.clone())
    }

    /// That its delivery has begun is no news: what came of it is.
    fn told(update: &UpdateView) -> UpdateView {
        UpdateView { takes: 0, ..update.clone() }
    }

    /// One that has ended is forgotten after a while; one that has not goes with its tenant.
    fn gone(update: UpdateView) -> Option<UpdateView> {
        matches!(update.stage.as_str(), "pending" | "replied" | "dead")
            .then(|| UpdateView { stage: "deleted".to_owned(), ..update })
    }

    fn list(updates: Vec<UpdateView>) -> InboxList {
        InboxList { updates, next: None }
    }
}
