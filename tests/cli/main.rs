//! The `ztm` command as a person or a script meets it: exit status, standard output, standard error.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
