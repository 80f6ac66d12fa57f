//! What implements the ports: `local` (SQLite, a directory, child processes), `dynamodb`, `redis` and `telegram`.

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
pub mod local;
#[cfg(feature = "redis")]
pub mod redis;
pub mod telegram;
