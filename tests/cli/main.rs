//! The `ztm` command as a person or a script meets it: exit status, standard output, standard error.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admin_prices;
mod apply;
mod bench;
mod colour;
mod completion;
mod context;
mod doctor;
mod down;
mod dry_run;
mod every_leaf;
mod inbox;
mod invocation;
mod job;
mod job_plane;
mod job_run;
mod job_wait;
mod keys;
#[path = "../e2e/order_list.rs"]
mod order_list;
mod plane;
mod pty;
mod readonly;
mod said;
mod schedule;
mod settings;
mod spend;
mod status;
mod tenant;
mod tenant_delete;
mod tenant_logs;
mod tenant_wait;
mod terminal;
mod up;
mod usage;
mod version;
mod watch;
mod webhook;
mod why;
