//! `ztm config view`.

use anyhow::Result;

use crate::{
    cli::{config::ConfigViewArgs, global::GlobalArgs},
    printer::Printer,
    settings::{Settings, config_file, origins},
    view::config::ConfigView,
};

/// Shows the settings in force. Returns the printer that an error is to be printed with.
pub fn view(flags: &GlobalArgs, args: &ConfigViewArgs, early: Printer) -> (Printer, Result<()>) {
    let environment = |name: &str| std::env::var_os(name);
    let shown = Settings::resolve_in(flags.clone(), &environment).and_then(|settings| {
        let printer = Printer::new(settings.output, settings.color, settings.quiet);
        if let Some(problem) = &settings.up_problem {
            printer.warn(&format!("`[up]` is ignored: {problem}"));
        }
        let view = ConfigView {
            file: config_file(&environment)?,
            settings: origins(flags, &environment)?,
            show_origin: args.show_origin,
        };
        Ok((printer, view))
    });
    match shown {
        Ok((printer, view)) => {
            let outcome = printer.show(&view);
            (printer, outcome)
        }
        Err(error) => (early, Err(error.into())),
    }
}
