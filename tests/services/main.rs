//! The HTTP faces, as their callers see them.
