//! `ztm webhook`.

pub mod delete;
pub mod info;
pub mod register;
