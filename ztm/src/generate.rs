//! The man pages and the completions, from the same clap tree that parses. `ztm generate` writes them, and
//! `tests/artifacts` compares them with the committed ones.

use std::{io, path::Path};

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;

/// A file to be: its name and its content.
pub type Generated = (String, Vec<u8>);

/// The whole visible tree with every name in full (`ztm-tenant-create`), as it is documented.
pub fn tree() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

/// One page for each visible command.
pub fn man() -> io::Result<Vec<Generated>> {
    fn pages(command: &Command, into: &mut Vec<Generated>) -> io::Result<()> {
        let page = clap_mangen::Man::new(command.clone());
        let mut content = Vec::new();
        page.render(&mut content)?;
        into.push((page.get_filename(), content));
        command.get_subcommands().filter(|c| !c.is_hide_set()).try_for_each(|c| pages(c, into))
    }
    let mut all = Vec::new();
    pages(&tree(), &mut all)?;
    Ok(all)
}

/// One file for each shell.
pub fn completions() -> Vec<Generated> {
    [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh]
        .into_iter()
        .map(|shell| {
            let mut content = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "ztm", &mut content);
            (clap_complete::Generator::file_name(&shell, "ztm"), content)
        })
        .collect()
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
