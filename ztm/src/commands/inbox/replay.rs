//! `ztm inbox replay`.

use anyhow::Result;

use super::each;
use crate::{cli::inbox::ReplayArgs, client::update_key, commands::Context, view};

/// Makes updates pending again that were given up or dropped.
pub async fn replay(ctx: &Context, args: ReplayArgs) -> Result<()> {
    for update in &args.updates {
        update_key(update)?;
    }
    let client = ctx.client().await?;
    let updates = if args.all_dead {
        let dead = client.update_list(args.tenant.as_deref(), Some("dead")).await?;
        if dead.updates.is_empty() {
            ctx.printer.note(&super::list::none(&client, args.tenant.as_deref(), Some("dead")).await?);
        }
        dead.updates.iter().map(view::inbox::name).collect()
    } else {
        args.updates
    };
    let client = &client;
    each(ctx, "replayed", updates, |update| async move { client.update_replay(&update).await }).await
}
