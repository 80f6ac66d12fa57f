//! What implements the ports: `local` (SQLite, a directory, child processes), `redis` and `telegram`.

pub mod local;
#[cfg(feature = "redis")]
pub mod redis;
pub mod telegram;
