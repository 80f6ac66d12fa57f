//! The HTTP faces of ztm.
