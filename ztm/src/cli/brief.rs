//! The help of a command as it is read on a screen: its own options, then its examples; what every command takes is a line.
//!
//! `ztm --help` and the man pages have all of it. Built only where help is asked for.

use clap::{Arg, Command, CommandFactory, builder::Resettable};

use super::Cli;

/// What stands for the options that every command takes.
const GLOBALS: &str = "Global options, as --context, --request-timeout and -v: `ztm --help` lists them.";

/// The command, with that line in the place of the global options of everything below it.
pub fn command() -> Command {
    let whole = Cli::command();
    let globals: Vec<Arg> = whole.get_arguments().filter(|arg| arg.is_global_set()).map(brief_arg).collect();
    // What is below the first level gets them from there.
    whole.mut_subcommands(|child| brief(child.args(&globals)))
}

/// The formats in a line; of the others only that they are there.
fn brief_arg(arg: &Arg) -> Arg {
    let arg = arg.clone();
    if arg.get_id() == "output" {
        let help = "How to print data: table, wide, json, yaml, name, csv or jsonpath=TEMPLATE";
        return arg.help(help).long_help(Resettable::Reset).hide_possible_values(true);
    }
    arg.hide_short_help(true).hide_long_help(true)
}

fn brief(command: Command) -> Command {
    let examples = command.get_after_help().map(|help| format!("{help}\n\n")).unwrap_or_default();
    command.after_help(format!("{examples}{GLOBALS}")).mut_subcommands(brief)
}
