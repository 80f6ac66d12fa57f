//! `ztm why`.

use clap::{Args, Subcommand};

/// What `ztm why` explains.
#[derive(Debug, Subcommand)]
pub enum WhyCommand {
    /// Why a tenant is as it is, and what would hold back its next message
    #[command(after_help = "Example:\n  ztm why tenant alice")]
    Tenant(WhyArgs),
    /// Why a job waits, runs or ended: who is ahead, what is missing, when it goes on
    #[command(after_help = "Example:\n  ztm why job alice.01k9zz5d7e8f9g0h1j2k3m4n5p")]
    Job(WhyArgs),
    /// Why a tenant is not woken, or was not
    #[command(after_help = "Example:\n  ztm why wake alice")]
    Wake(WhyArgs),
}

/// What is asked about.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// A tenant, or a job: TENANT.SERIAL
    #[arg(value_name = "ID")]
    pub id: String,
}
