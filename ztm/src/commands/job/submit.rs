//! `ztm job submit`.

use std::{io::Read, path::Path};

use anyhow::{Context as _, Result};
use libtenancy::{
    Error,
    admission::Suspension,
    api::jobs::SubmitJob,
    clock::{Clock, SystemClock},
    jobs::{Idempotency, MAX_PROMPT},
    quota::cost_checked,
    tenant::TenantId,
};

use super::wait::over;
use crate::{
    cli::job::SubmitArgs,
    commands::{Context, once_name},
    exit::{Unsure, unread},
    view::counted,
};

/// Submits a job and prints it; with `--wait`, prints it once it is over.
pub async fn submit(ctx: &Context, args: SubmitArgs) -> Result<()> {
    // What is refused here needs no prompt.
    let tenant: TenantId = args.tenant.parse()?;
    cost_checked("cost", args.cost)?;
    let key = match args.idempotency_key {
        Some(key) => key,
        None => once_name(&ctx.settings)?,
    };
    Idempotency::new(&key, b"")?;
    let prompt = match (args.prompt, args.prompt_file) {
        (Some(dash), _) if dash == "-" => read(std::io::stdin().lock(), "standard input")?,
        (None, Some(dash)) if dash == Path::new("-") => read(std::io::stdin().lock(), "standard input")?,
        (Some(prompt), _) => prompt,
        (None, Some(file)) => {
            let opened = std::fs::File::open(&file).map_err(Error::io("open", &file)).map_err(unread)?;
            read(opened, &file.display().to_string())?
        }
        (None, None) => return Err(Error::invalid("prompt", "there is none").into()),
    };
    if prompt.trim().is_empty() {
        return Err(Error::invalid("prompt", "it is empty: say what the agent is to do").into());
    }
    let new = SubmitJob {
        tenant_id: tenant.to_string(),
        agent_id: args.agent,
        prompt,
        cost_gpu_seconds: args.cost,
        priority: args.priority,
        max_attempts: args.attempts,
        not_before: args.at.or(args.delay.map(|delay| SystemClock::default().now() + delay)),
    };
    // The key is bound to the moment, which `--in` would make another one.
    let at = new.not_before.filter(|_| args.delay.is_some()).map(|at| format!(" --at {at}")).unwrap_or_default();
    if args.at.is_some_and(|at| at < SystemClock::default().now()) {
        ctx.printer.note("`--at` is past: the job is due at once");
    }
    let terms = terms(&new);
    let client = ctx.client().await?;
    if args.wait {
        // Before anything is stored.
        client.plane("waiting for a job")?;
    }
    ctx.detail(&format!("idempotency key: {key}"));
    let submitted = match client.job_submit(new, &key).await {
        Ok(submitted) => submitted,
        Err(Error::Rehearsed { would }) => return Err(Error::Rehearsed { would: format!("{would}{terms}") }.into()),
        // The store does not know the key itself.
        Err(Error::Conflict { what: what @ "idempotency key", reason, .. }) => {
            return Err(Error::conflict(what, key, reason).into());
        }
        Err(error) => return Err(Unsure::or(error, &format!("--idempotency-key {key}{at}"))),
    };
    if submitted.duplicate {
        ctx.printer.note("this job was submitted under the same key before; nothing was added");
    }
    if let Some(why) = &submitted.suspended {
        let ends = if Suspension::parse(why).by_operator() {
            format!("the job waits until `ztm tenant resume {tenant}`")
        } else {
            "the job waits for a grant, a larger budget or the next period".to_owned()
        };
        ctx.printer.note(&format!("`{tenant}` is suspended ({why}); {ends}"));
    }
    if !args.wait {
        return ctx.printer.show(&submitted);
    }
    // Whatever becomes of the wait, the job is known by it.
    ctx.printer.note(&format!("`{0}` is submitted; `ztm job wait {0}` waits for it too", submitted.job_id));
    let job = over(ctx, &client, &submitted.job_id, args.timeout).await?;
    ctx.printer.show(&job)?;
    super::wait::succeeded(&job)
}

/// What was said of a job beside what it is and costs.
fn terms(new: &SubmitJob) -> String {
    let terms = [
        new.not_before.map(|at| format!(", not before {at}")),
        new.priority.map(|priority| format!(", of priority {priority}")),
        new.max_attempts.map(|attempts| format!(", in at most {}", counted(attempts, "attempt"))),
    ];
    terms.into_iter().flatten().collect()
}

/// Reads a prompt, no more than is allowed.
fn read(from: impl Read, name: &str) -> Result<String> {
    let mut bytes = Vec::new();
    from.take(MAX_PROMPT as u64 + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    if bytes.len() > MAX_PROMPT {
        return Err(Error::invalid("prompt", format!("{name} has more than {MAX_PROMPT} bytes")).into());
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid("prompt", format!("{name} is not UTF-8")).into())
}
