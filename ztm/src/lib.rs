//! The `ztm` command: parse, resolve, do, exit.
//!
//! Owns what is typed ([`cli`]), where values come from ([`settings`]), what is printed ([`printer`], [`view`]) and how it
//! ends ([`exit`]). Decides nothing about tenants: that is `libtenancy`.

use std::{ffi::OsString, process::ExitCode};

use clap::{
    CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};

pub mod cli;
pub mod client;
pub mod commands;
pub mod complete;
pub mod confirm;
pub mod discovery;
pub mod embedded;
pub mod exit;
pub mod format;
pub mod generate;
pub mod listing;
pub mod manifest;
pub mod near;
pub mod printer;
pub mod render;
pub mod settings;
pub mod view;
pub mod watch;

use cli::{
    Cli,
    global::{Color, DryRun},
    output::Output,
};
use exit::{ChildExit, Exit, Interrupted};
use printer::{BrokenPipe, Printer};

/// Runs one command line, its first word being the program's name. Prints everything there is to print.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(code) = supervise(&args) {
        return code;
    }
    match complete::answered(&args) {
        Ok(false) => {}
        Ok(true) => return Exit::Success.into(),
        Err(error) => {
            let (output, color) = wanted(&args);
            Printer::new(output, color, false).error(&error.into());
            return Exit::Usage.into();
        }
    }
    let args = explained(args);
    let mut follows = false;
    let parsed = negative(Cli::command()).try_get_matches_from(&args).and_then(|matches| {
        follows = is_follow(&matches);
        let mut cli = Cli::from_arg_matches(&matches)?;
        cli.global.rehearses = rehearsed(&matches);
        Ok(cli)
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let (output, color) = wanted(&args);
            let error = readable(error, &args);
            let printer = Printer::new(output, color, false);
            return match printer.clap(&error) {
                Err(error) if !error.is::<BrokenPipe>() => {
                    printer.error(&error);
                    Exit::Failure.into()
                }
                _ if error.use_stderr() => Exit::Usage.into(),
                _ => Exit::Success.into(),
            };
        }
    };
    let early = Printer::new(
        cli.global.output.clone().unwrap_or_default(),
        cli.global.color.unwrap_or_default(),
        cli.global.quiet,
    );
    let (printer, outcome) = commands::run(cli, early);
    match outcome {
        Ok(code) => code,
        Err(error) if error.is::<BrokenPipe>() => Exit::Success.into(),
        // What goes on until it is interrupted has ended as it does.
        Err(error) if follows && error.is::<Interrupted>() => Exit::Interrupted.into(),
        // The command has said why itself.
        Err(error) if error.is::<ChildExit>() => error.downcast_ref::<ChildExit>().map_or(1, |ended| ended.0).into(),
        Err(error) => {
            printer.error(&error);
            Exit::of_any(&error).into()
        }
    }
}

/// The same line; `ztm GROUP help VERB` as `ztm help GROUP VERB`.
fn explained(args: Vec<OsString>) -> Vec<OsString> {
    let (mut group, mut groups) = (Cli::command(), Vec::new());
    for (place, word) in args.iter().enumerate().skip(1) {
        let is_flags = |word: &OsString| word.to_string_lossy().starts_with('-');
        match group.find_subcommand(word) {
            Some(child) => {
                groups.push(place);
                group = child.clone();
            }
            None if word == "help" && group.has_subcommands() && !groups.is_empty() => {
                let named = groups.iter().map(|place| args[*place].clone()).collect();
                return [args[..groups[0]].to_vec(), vec![word.clone()], named, args[place + 1..].to_vec()].concat();
            }
            // A flag, or what may be its value.
            None if is_flags(word) || is_flags(&args[place - 1]) => {}
            None => break,
        }
    }
    args
}

/// Takes the commands that are not shown, and their other names, out of those that an error suggests.
fn only_shown(mut error: clap::Error, args: &[OsString]) -> clap::Error {
    let Some(ContextValue::Strings(names)) = error.get(ContextKind::SuggestedSubcommand).cloned() else { return error };
    let mut group = Cli::command();
    for word in args.iter().skip(1) {
        if let Some(child) = group.find_subcommand(word) {
            group = child.clone();
        }
    }
    let is_shown =
        |name: &String| group.get_subcommands().any(|child| child.get_name() == name && !child.is_hide_set());
    let names: Vec<String> = names.into_iter().filter(is_shown).collect();
    error.remove(ContextKind::SuggestedSubcommand);
    if !names.is_empty() {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(names));
    }
    error
}

/// The same answer; help as it is read on a screen.
fn readable(error: clap::Error, args: &[OsString]) -> clap::Error {
    let error = only_shown(error, args);
    let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    if !help {
        return error;
    }
    cli::brief::command().try_get_matches_from(args).err().unwrap_or(error)
}

/// The same command; a number below nothing is a value, which says itself what it must be, and no flag that nobody knows.
fn negative(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let takes = arg.get_action().takes_values() && !arg.is_allow_hyphen_values_set();
        if takes { arg.allow_negative_numbers(true) } else { arg }
    });
    command.mut_subcommands(negative)
}

/// Whether a command goes on until it is interrupted.
fn is_follow(matches: &clap::ArgMatches) -> bool {
    let mut leaf = matches;
    while let Some((_, inner)) = leaf.subcommand() {
        leaf = inner;
    }
    ["watch", "follow"].iter().any(|flag| matches!(leaf.try_get_one::<bool>(flag), Ok(Some(true))))
}

/// The words of a command whose `--dry-run` was given.
fn rehearsed(matches: &clap::ArgMatches) -> Option<String> {
    let (mut words, mut leaf) = (Vec::new(), matches);
    while let Some((word, inner)) = leaf.subcommand() {
        words.push(word);
        leaf = inner;
    }
    leaf.try_get_one::<DryRun>("dry_run").ok()??;
    Some(words.join(" "))
}

/// What the control plane starts from this same executable as the supervisor of an agent. It knows no settings and must be
/// small, so it does not even build the command tree.
fn supervise(args: &[OsString]) -> Option<ExitCode> {
    use services::agentd;
    match args.get(1)?.to_str()? {
        "agentd" => Some(agentd::run()),
        agentd::EXEC_ARGUMENT => Some(agentd::exec_shim(args.iter().skip(2).cloned())),
        _ => None,
    }
}

/// The format and the colour that a command line asks for which cannot be parsed as a whole.
fn wanted(args: &[OsString]) -> (Output, Color) {
    let words: Vec<_> =
        args.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--").collect();
    let value = |long: &str, short: Option<&str>| {
        words.iter().enumerate().find_map(|(i, word)| {
            if word == long || Some(word.as_ref()) == short {
                return words.get(i + 1).map(ToString::to_string);
            }
            let rest = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('='));
            let attached =
                || word.strip_prefix(short?).map(|rest| rest.trim_start_matches('=')).filter(|r| !r.is_empty());
            rest.or_else(attached).map(str::to_owned)
        })
    };
    let output = value("--output", Some("-o")).and_then(|text| text.parse().ok()).unwrap_or_default();
    let color = match value("--color", None).as_deref() {
        Some("always") => Color::Always,
        Some("never") => Color::Never,
        _ => Color::Auto,
    };
    (output, color)
}
