//! `ztm quota`.

pub mod get;
pub mod grant;
pub mod revoke;
pub mod set;
