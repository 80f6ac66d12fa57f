//! An agent's supervisor; started by a control plane, not by hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == services::agentd::EXEC_ARGUMENT => services::agentd::exec_shim(arguments),
        _ => services::agentd::run(),
    }
}
