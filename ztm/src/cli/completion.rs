//! `ztm completion`.

use clap::{Args, ValueEnum};

/// Print what makes a shell complete the words of this command, and the names that there are
///
/// Load it into the shell that runs (`source <(ztm completion bash)`), or write it where the shell looks for completions. Names come from the control plane
/// that the line means.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm completion bash | sudo tee /etc/bash_completion.d/ztm\n  \
    ztm completion zsh | sudo tee /usr/local/share/zsh/site-functions/_ztm\n  \
    ztm completion fish | source")]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// A shell that can be completed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Elvish
    Elvish,
    /// fish
    Fish,
    /// `PowerShell`
    Powershell,
    /// Zsh
    Zsh,
}
