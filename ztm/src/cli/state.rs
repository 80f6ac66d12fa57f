//! `ztm tenant state`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{global::DryRunArgs, tenant::TenantArgs};

/// The verbs of `ztm tenant state`.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// List the archives of what a tenant's agent remembers, and what is in none of them yet
    #[command(
        alias = "ls",
        long_about = "List the archives of what a tenant's agent remembers, and what is in none of them yet\n\nThe published \
            archive is what the next wake restores, unless the machine has an intact state that is as new. The death of an \
            agent loses nothing; the loss of its machine loses what was written since `Saved until`: the snapshot interval \
            and the time of an upload, or longer while the store is away.",
        after_help = "Examples:\n  ztm tenant state list alice\n  ztm tenant state list alice -o json"
    )]
    List(TenantArgs),
    /// Read archives to the last byte, and say which are as they were written
    #[command(after_help = "Examples:\n  ztm tenant state verify alice\n  \
        ztm tenant state verify alice 1795640773937470/00001795640781020331.tar.zst")]
    Verify(VerifyArgs),
    /// Make an archive the state that a tenant's next agent begins with; asks first
    #[command(
        long_about = "Make an archive the state that a tenant's next agent begins with; asks first\n\nThe tenant must be idle. \
            The archive is verified; newer archives and what the machine has stay for now: the choice can be taken back with \
            another restore until the next agents' archives push them out.",
        after_help = "Examples:\n  ztm tenant state restore alice 1795640773937470/00001795640781020331.tar.zst\n  \
            ztm tenant state restore alice 1795640773937470/00001795640781020331.tar.zst --yes"
    )]
    Restore(RestoreArgs),
    /// Copy an archive into a file, verified on both ends
    #[command(
        long_about = "Copy an archive into a file, verified on both ends\n\nIt is a tar compressed with Zstandard (`tar --zstd -xf FILE`): \
            the agent's files below `state/`, and `manifest.json` with the hash of each.",
        after_help = "Examples:\n  ztm tenant state export alice --file alice.tar.zst\n  \
            ztm tenant state export alice --file - | tar --zstd -t"
    )]
    Export(ExportArgs),
}

/// `ztm tenant state verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// One archive, as `list` prints it [default: all of them]
    #[arg(value_name = "ARCHIVE")]
    pub archive: Option<String>,
}

/// `ztm tenant state restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// The archive, as `list` prints it
    #[arg(value_name = "ARCHIVE")]
    pub archive: String,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm tenant state export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// The archive, as `list` prints it [default: the published one]
    #[arg(value_name = "ARCHIVE")]
    pub archive: Option<String>,

    /// A new file for the archive; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
}
