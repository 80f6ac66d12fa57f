//! `ztm help`.

use anyhow::Result;

use crate::{
    cli::{
        brief,
        help::{HelpArgs, TOPICS},
    },
    exit::Usage,
    printer::Printer,
};

/// Prints the help of a command, or a topic.
pub fn help(args: &HelpArgs, printer: &Printer) -> Result<()> {
    if let [word] = args.words.as_slice()
        && let Some(topic) = TOPICS.iter().find(|topic| topic.name == word)
    {
        return printer.bytes(topic.text.as_bytes());
    }
    let mut command = brief::command().disable_help_subcommand(true);
    command.build();
    for word in &args.words {
        let Some(child) = command.find_subcommand(word).filter(|child| !child.is_hide_set()) else {
            let topics = TOPICS.map(|topic| topic.name).join(", ");
            return Err(Usage {
                message: format!("there is no command or topic `{}`", args.words.join(" ")),
                hint: Some(format!("`ztm help` lists the commands; the topics are {topics}")),
            }
            .into());
        };
        command = child.clone();
    }
    let text = command.render_long_help();
    let text = if printer.paints() { text.ansi().to_string() } else { text.to_string() };
    printer.bytes(text.as_bytes())
}
