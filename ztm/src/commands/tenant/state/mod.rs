//! `ztm tenant state`.

pub mod export;
pub mod list;
pub mod restore;
pub mod verify;
