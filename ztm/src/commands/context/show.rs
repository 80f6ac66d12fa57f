//! `ztm context show`.

use anyhow::Result;

use crate::{cli::context::ContextShowArgs, printer::Printer, settings::Contexts, view::context::ContextView};

/// Shows a context and where its values come from.
pub(super) fn show(contexts: &Contexts<'_>, printer: &Printer, args: &ContextShowArgs) -> Result<()> {
    let target = contexts.target(args.name.as_deref())?;
    for warning in &target.warnings {
        printer.warn(warning);
    }
    printer.show(&ContextView::new(&target, target.name == contexts.current().name))
}
