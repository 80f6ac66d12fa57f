//! `ztm admin init`.

use anyhow::Result;
use libtenancy::drivers::provision;

use crate::{
    cli::admin::InitArgs,
    commands::Context,
    exit::Usage,
    settings::context::Kind,
    view::{admin::Initialised, counted},
};

/// Makes what the context's stores lack, or shows it.
pub async fn init(ctx: &Context, args: &InitArgs) -> Result<()> {
    let context = &ctx.settings.context;
    if ctx.settings.orchestrator_url.is_some() {
        return Err(Usage {
            message: format!("the stores of context `{}` are its orchestrator's own", context.name),
            hint: Some("run this where they are known, in a context that names them".to_owned()),
        }
        .into());
    }
    if context.kind == Kind::Embedded {
        ctx.printer.note("everything is kept in the state directory, which is made when it is first used");
    }
    let config = ctx.settings.config(Vec::new())?;
    let plan = provision::plan(&config).await?;
    if plan.is_empty() && context.kind == Kind::Stores {
        ctx.printer.note(&format!("the stores of context `{}` lack nothing", context.name));
    }
    let made = if args.dry_run || plan.is_empty() {
        Vec::new()
    } else {
        ctx.printer.note(&format!("{} to make; a table or an index may take a while", counted(plan.len(), "thing")));
        provision::apply(&config).await?
    };
    ctx.printer.show(&Initialised { context: context.name.clone(), missing: plan, made, dry_run: args.dry_run })
}
