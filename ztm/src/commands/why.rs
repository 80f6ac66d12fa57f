//! `ztm why`.

use anyhow::Result;
use libtenancy::jobs::JobId;

use crate::{cli::why::WhyCommand, client::Subject, commands::Context};

/// Explains.
pub async fn why(ctx: &Context, command: WhyCommand) -> Result<()> {
    let (subject, args) = match command {
        WhyCommand::Tenant(args) => (Subject::Tenant, args),
        WhyCommand::Job(args) => {
            args.id.parse::<JobId>()?;
            (Subject::Job, args)
        }
        WhyCommand::Wake(args) => (Subject::Wake, args),
    };
    ctx.printer.show(&ctx.client().await?.why(subject, &args.id).await?)
}
