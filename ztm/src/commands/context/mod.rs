//! `ztm context`: the verbs. They read the configuration file themselves, since they must work when the context in use does
//! not.

use anyhow::Result;

use crate::{
    cli::{context::ContextCommand, global::GlobalArgs},
    printer::Printer,
    settings::Contexts,
};

mod add;
mod list;
mod remove;
mod show;
mod use_;

/// Does what was asked. Returns the printer that an error is to be printed with.
pub fn run(flags: &GlobalArgs, command: ContextCommand, early: Printer) -> (Printer, Result<()>) {
    let contexts = match Contexts::read(flags, &|name| std::env::var_os(name)) {
        Ok(contexts) => contexts,
        Err(error) => return (early, Err(error.into())),
    };
    let (output, color) = contexts.appearance.clone();
    let printer = Printer::new(output, color, flags.quiet);
    let outcome = match command {
        ContextCommand::List(args) => list::list(&contexts, &printer, &args),
        ContextCommand::Add(args) => add::add(&contexts, &printer, flags, &args),
        ContextCommand::Remove(args) => remove::remove(&contexts, &printer, &args),
        ContextCommand::Use(args) => use_::use_context(&contexts, &printer, &args),
        ContextCommand::Show(args) => show::show(&contexts, &printer, &args),
    };
    (printer, outcome)
}
