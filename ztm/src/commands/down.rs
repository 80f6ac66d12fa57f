//! `ztm down`.

use anyhow::Result;
use libtenancy::Error;
use rustix::process::Signal;

use crate::{
    cli::down::DownArgs,
    commands::Context,
    discovery::{self, Holder},
    view::{counted, plane::Downed},
};

/// Ends the control plane of the state directory and waits for it. Blocks the thread; Ctrl-C ends this command alone.
pub fn down(ctx: &Context, args: &DownArgs) -> Result<()> {
    ctx.here("ztm down")?;
    let state_dir = &ctx.settings.state_dir;
    let Some(holder) = Holder::find(state_dir)? else {
        ctx.printer.note(&format!("no control plane is running in `{}`", state_dir.display()));
        let left = discovery::agents_alive(state_dir);
        if left > 0 {
            ctx.printer.warn(&format!(
                "still there of a control plane that was killed: {}; `ztm up` takes over, and `ztm down` then ends what it took",
                counted(left, "agent")
            ));
        }
        return ctx.printer.show(&Downed { stopped: false, pid: None, agents_left: false });
    };
    let pid = holder.pid;
    holder.signal(if args.leave_agents { Signal::USR1 } else { Signal::TERM })?;
    if !holder.ended(args.timeout)? {
        let what = format!("the end of the control plane (pid {pid})");
        return Err(Error::Timeout { what, after: args.timeout }.into());
    }
    ctx.printer.show(&Downed { stopped: true, pid: Some(pid), agents_left: args.leave_agents })
}
