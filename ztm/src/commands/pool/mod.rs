//! `ztm pool`.

pub mod scale;
pub mod status;
