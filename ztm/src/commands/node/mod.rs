//! `ztm node`.

pub mod get;
pub mod list;
