//! The `ztm` command: parse, run, exit.

fn main() -> std::process::ExitCode {
    ztm::run(std::env::args_os())
}
