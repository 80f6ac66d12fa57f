//! `ztm tenant`.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod logs;
pub mod stop;
pub mod update;
pub mod wait;
pub mod wake;
