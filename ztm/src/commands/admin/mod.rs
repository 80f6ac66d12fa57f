//! `ztm admin`: the verbs.

pub mod init;
pub mod prices;
pub mod render;
