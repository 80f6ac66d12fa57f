//! What implements the ports: `local` (SQLite, a directory, child processes), `dynamodb`, `kubernetes`, `redis`, `s3` and `telegram`;
//! `assembly` opens those that a configuration names, `provision` makes what these need, `pricing` asks what machines cost.

pub mod agentd;
pub mod assembly;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
pub mod local;
#[cfg(feature = "pricing")]
pub mod pricing;
#[cfg(any(feature = "dynamodb", feature = "s3"))]
pub mod provision;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "s3")]
pub mod s3;
pub mod telegram;
