//! `ztm tenant state restore`.

use anyhow::Result;

use crate::{cli::state::RestoreArgs, commands::Context, confirm};

/// Makes an archive the tenant's state, after a person, or `--yes`, has confirmed it.
pub async fn restore(ctx: &Context, args: &RestoreArgs) -> Result<()> {
    let client = ctx.client().await?;
    client.plane("bringing back a state")?;
    if !args.yes && ctx.settings.rehearses.is_none() {
        let state = client.state_get(&args.tenant).await?;
        let losses = match state.saved_until {
            Some(until) => {
                vec![format!("what the agent learned after the archive was taken, up to {until}, from its memory")]
            }
            None => vec!["what the machine has of the agent's state, from its memory".to_owned()],
        };
        confirm::name_typed(&format!("restoring the state of `{}`", args.tenant), &losses, &args.tenant, false)?;
    }
    ctx.printer.show(&client.state_restore(&args.tenant, &args.archive).await?)
}
