//! The `ztm` command: parse, run, exit.

fn main() {}
