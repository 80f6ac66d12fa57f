//! The real command, black box: `ztm up` in a process of its own, with real agents, against a double of Telegram.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod bench;
mod cloud;
mod dry_run;
mod full_disk;
mod hostile;
mod jobs;
mod kill;
mod lifecycle;
mod logs;
mod on_kubernetes;
mod order_list;
mod orders;
mod plane;
mod power;
#[path = "../drivers/process.rs"]
mod process;
mod processes;
#[path = "../drivers/proxy.rs"]
#[expect(dead_code, reason = "shared with the drivers' tests")]
mod proxy;
#[path = "../cli/pty.rs"]
mod pty;
mod readme;
#[path = "../drivers/redis/server.rs"]
#[expect(dead_code, reason = "shared with the drivers' tests")]
mod redis;
mod sessions;
mod state;
mod stores;
mod telegram;
mod top;
mod watch;
mod world;
mod zeroclaw;
