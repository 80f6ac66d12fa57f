//! `ztm context list`.

use anyhow::Result;

use crate::{cli::context::ContextListArgs, printer::Printer, settings::Contexts, view::context::ContextList};

/// Lists the contexts.
pub(super) fn list(contexts: &Contexts<'_>, printer: &Printer, args: &ContextListArgs) -> Result<()> {
    let current = contexts.current();
    let list = ContextList { current: current.clone(), file: contexts.file(), contexts: contexts.list() };
    if !list.contexts.iter().any(|context| context.current) {
        printer.warn(&format!(
            "context `{}` is in use (by {}), but there is none of that name",
            current.name, current.from
        ));
    }
    printer.show_rows(list, &args.listing)
}
