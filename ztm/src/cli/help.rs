//! `ztm help`, and what holds for every command.

use clap::Args;

/// `ztm help`.
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command's words, or a topic: formatting, exit-codes, environment, contexts
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
}

/// What holds for every command, told once.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// What it is asked for by.
    pub name: &'static str,
    /// In a line.
    pub about: &'static str,
    /// The whole of it.
    pub text: &'static str,
}

/// All topics.
pub const TOPICS: [Topic; 5] = [
    Topic {
        name: "formatting",
        about: "what is printed where, and in which formats",
        text: include_str!("topics/formatting.txt"),
    },
    Topic { name: "exit-codes", about: "what the exit status says", text: include_str!("topics/exit-codes.txt") },
    Topic { name: "environment", about: "the variables that are heeded", text: include_str!("topics/environment.txt") },
    Topic {
        name: "contexts",
        about: "the configuration file, and whose control plane is meant",
        text: include_str!("topics/contexts.txt"),
    },
    Topic {
        name: "manifests",
        about: "the files of `ztm apply`, and which flag is which field",
        text: include_str!("topics/manifests.txt"),
    },
];
