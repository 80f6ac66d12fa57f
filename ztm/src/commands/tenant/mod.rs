//! `ztm tenant`.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod logs;
pub mod snapshot;
pub mod state;
pub mod stop;
pub mod suspend;
pub mod update;
pub mod wait;
pub mod wake;
