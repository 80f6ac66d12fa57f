//! `ztm quota`.

pub mod get;
pub mod grant;
pub mod list;
pub mod revoke;
pub mod set;
