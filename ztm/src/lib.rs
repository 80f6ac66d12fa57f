//! The `ztm` command.
