//! The built-in agent: `agent PORT STATE-DIR`.

use std::{path::Path, process::ExitCode};

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, state_dir] = arguments.as_slice() else { anyhow::bail!("usage: agent PORT STATE-DIR") };
    services::agent::run(port.parse()?, Path::new(state_dir))?;
    Ok(ExitCode::SUCCESS)
}
