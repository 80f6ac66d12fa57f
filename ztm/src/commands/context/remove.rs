//! `ztm context remove`.

use anyhow::Result;

use crate::{
    cli::context::ContextRemoveArgs, confirm, printer::Printer, settings::Contexts, view::context::ContextRemoved,
};

/// Removes a context's lines from the file.
pub(super) fn remove(contexts: &Contexts<'_>, printer: &Printer, args: &ContextRemoveArgs) -> Result<()> {
    let listed = contexts.list().into_iter().find(|context| context.name == args.name);
    let target = listed.map_or_else(String::new, |context| context.target);
    if contexts.removable(&args.name).is_ok() {
        let question = format!("Remove context `{}` ({target}) from {}?", args.name, contexts.file());
        confirm::answered(&format!("removing context `{}`", args.name), &question, args.yes)?;
    }
    contexts.remove(&args.name)?;
    printer.show(&ContextRemoved { name: args.name.clone(), file: contexts.file() })
}
