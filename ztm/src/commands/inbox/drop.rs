//! `ztm inbox drop`.

use anyhow::Result;

use super::each;
use crate::{cli::inbox::DropArgs, client::update_key, commands::Context, confirm};

/// Throws updates away after a person, or `--yes`, has confirmed it.
pub async fn drop(ctx: &Context, args: DropArgs) -> Result<()> {
    for update in &args.updates {
        update_key(update)?;
    }
    let losses: Vec<String> = args.updates.iter().map(|update| format!("the message {update}")).collect();
    let (what, name) = match args.updates.as_slice() {
        [update] => (format!("dropping `{update}`"), update.clone()),
        updates => (format!("dropping {} messages", updates.len()), updates.len().to_string()),
    };
    confirm::name_typed(&what, &losses, &name, args.yes || ctx.settings.rehearses.is_some())?;
    let client = &ctx.client().await?;
    each(ctx, "dropped", args.updates, |update| async move { client.update_drop(&update).await }).await
}
