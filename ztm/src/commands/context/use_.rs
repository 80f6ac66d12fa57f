//! `ztm context use`.

use anyhow::Result;

use crate::{
    cli::context::ContextUseArgs,
    printer::Printer,
    settings::Contexts,
    view::context::{ContextUsed, ContextView},
};

/// Makes a context the one in use.
pub(super) fn use_context(contexts: &Contexts<'_>, printer: &Printer, args: &ContextUseArgs) -> Result<()> {
    let target = contexts.use_context(&args.name)?;
    for warning in &target.warnings {
        printer.warn(warning);
    }
    let current = contexts.current();
    if current.from.starts_with("ZTM_") && current.name != args.name {
        printer.warn(&format!("{} is set to `{}`, which goes before the file", current.from, current.name));
    }
    printer.note(&format!("`{}` is the context in use now", args.name));
    printer.show(&ContextUsed { context: ContextView::new(&target, true), file: contexts.file() })
}
