//! The man pages and the completions, from the same clap tree that parses. `ztm generate` writes them, and
//! `tests/artifacts` compares them with the committed ones.

use std::{io, path::Path};

use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh};
use clap_mangen::roff::{Roff, roman};

use crate::cli::{
    Cli,
    completion::Shell,
    help::{TOPICS, Topic},
};

/// A file to be: its name and its content.
pub type Generated = (String, Vec<u8>);

/// The whole visible tree with every name in full (`ztm-tenant-create`), as it is documented.
pub fn tree() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

/// One page for each visible command, and one for each topic.
pub fn man() -> io::Result<Vec<Generated>> {
    fn pages(command: &Command, into: &mut Vec<Generated>) -> io::Result<()> {
        // What a usage says, and in its order: the options, then what is named.
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").to_owned();
        let page = clap_mangen::Man::new(command.clone().override_usage(usage));
        let mut content = Vec::new();
        page.render(&mut content)?;
        into.push((page.get_filename(), content));
        command.get_subcommands().filter(|c| !c.is_hide_set()).try_for_each(|c| pages(c, into))
    }
    let mut all = Vec::new();
    pages(&tree(), &mut all)?;
    all.extend(TOPICS.map(|topic| (format!("ztm-{}.7", topic.name), topic_page(&topic))));
    Ok(all)
}

/// A topic as a page of section 7, its lines as they are.
fn topic_page(topic: &Topic) -> Vec<u8> {
    let title = format!("ztm-{}", topic.name);
    let mut page = Roff::new();
    page.control("TH", [title.to_uppercase().as_str(), "7"]);
    page.control("SH", ["NAME"]).text([roman(format!("{title} - {}", topic.about))]);
    page.control("SH", ["DESCRIPTION"]).control("nf", []);
    for line in topic.text.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []).control("SH", ["SEE ALSO"]).text([roman("ztm(1)")]);
    page.to_roff().into_bytes()
}

/// One file for each shell: it asks `ztm` itself, which knows the names that there are (see [`crate::complete`]).
pub fn completions() -> io::Result<Vec<Generated>> {
    Shell::value_variants().iter().map(|shell| completion(*shell)).collect()
}

/// The file of one shell.
pub fn completion(shell: Shell) -> io::Result<Generated> {
    let (name, of): (&str, &dyn EnvCompleter) = match shell {
        Shell::Bash => ("ztm.bash", &Bash),
        Shell::Elvish => ("ztm.elv", &Elvish),
        Shell::Fish => ("ztm.fish", &Fish),
        Shell::Powershell => ("_ztm.ps1", &Powershell),
        Shell::Zsh => ("_ztm", &Zsh),
    };
    let mut content = Vec::new();
    of.write_registration("COMPLETE", "ztm", "ztm", "ztm", &mut content)?;
    if shell == Shell::Zsh {
        // From a directory of `fpath` the file is loaded at the first completion, and is to do that one too.
        content.extend_from_slice(b"[ \"$funcstack[1]\" = _ztm ] && _clap_dynamic_completer_ztm \"$@\"\n");
    }
    Ok((name.to_owned(), content))
}

/// Writes the files into a directory, which is made if missing.
pub fn write(directory: &Path, files: &[Generated]) -> libtenancy::Result<()> {
    std::fs::create_dir_all(directory).map_err(libtenancy::Error::io("make", directory))?;
    for (name, content) in files {
        let path = directory.join(name);
        std::fs::write(&path, content).map_err(libtenancy::Error::io("write", path))?;
    }
    Ok(())
}
