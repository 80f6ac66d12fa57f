//! What implements the ports: `local` (SQLite, a directory, child processes) and `telegram`.

pub mod local;
pub mod telegram;
