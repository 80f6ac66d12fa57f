//! `ztm admin`: the verbs.

pub mod init;
