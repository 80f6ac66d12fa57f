//! What a run will do, and what that may cost: said before anything is done.

use std::time::Duration;

use anyhow::Result;
use futures::StreamExt;
use libtenancy::{
    Error,
    api::feed::{Begin, Change},
    clock::{Clock, SystemClock, Timestamp},
};
use serde::Serialize;

use super::{
    load::{Limit, Load},
    tenants::{AWAKE, Abandoned, abandoned},
};
use crate::{
    cli::bench::{BenchArgs, Measure},
    client::Client,
    commands::Context,
    settings::Kind,
};

/// How long one operation may take unless somebody says it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long each thing is measured at most where its operations are counted.
const LONGEST: Duration = Duration::from_mins(10);

/// How long that is measured at most with which the rest is compared.
const REFERENCE: Duration = Duration::from_secs(5);

/// How long a run's beginning and its end may take, each.
const AROUND: Duration = Duration::from_mins(10);

/// See the module.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The context.
    pub context: String,
    /// Where its control plane is.
    pub control_plane: String,
    /// Its version.
    pub version: String,
    /// How many tenants are made.
    pub tenants: usize,
    /// What they will be called.
    pub names: String,
    /// How many operations are under way at once.
    pub concurrency: usize,
    /// What is measured, in that order.
    pub measures: Vec<String>,
    /// Seconds that are measured in all; absent where operations are counted.
    pub seconds: Option<f64>,
    /// How often each thing is measured; absent where time is.
    pub count: Option<u64>,
    /// Agents that run now, whosever they are.
    pub running: u64,
    /// Agents that may run.
    pub max_running: usize,
    /// Tenants of killed runs, which are removed first.
    pub abandoned: Vec<String>,
    /// Whether it is asked back.
    pub asks: bool,
    /// All of it, in sentences.
    pub will: Vec<String>,
    /// What is measured.
    #[serde(skip)]
    pub(super) only: Vec<Measure>,
    /// For each thing.
    #[serde(skip)]
    pub(super) load: Load,
    /// For what these are compared with.
    #[serde(skip)]
    pub(super) reference: Load,
    /// Whether the state directory is on this machine.
    #[serde(skip)]
    pub(super) is_local: bool,
    /// The longest that measuring can take.
    #[serde(skip)]
    pub(super) longest: Duration,
}

impl Plan {
    /// Looks at the control plane, changes nothing. `NeedsControlPlane` without one; `Overloaded` if it has no room for so
    /// many agents.
    pub(super) async fn make(ctx: &Context, client: &Client, args: &BenchArgs) -> Result<Self> {
        let plane = client.plane("`ztm bench`")?;
        let settings = &ctx.settings;
        let (status, begin) = (client.status().await?, begin(client).await?);
        let Abandoned { ids, awake, others } = abandoned(client, SystemClock::default().now()).await?;
        let running: u64 = AWAKE.iter().filter_map(|label| status.tenants.as_ref()?.get(*label)).sum();
        // What is removed first takes no room.
        let running = running.saturating_sub(awake);
        let (tenants, room) = (args.tenants, begin.max_running.saturating_sub(usize::try_from(running)?));
        if tenants > room {
            let reason = format!(
                "{tenants} agents more than the {running} that run are too many: {} may run, choose at most {room} with `--tenants`",
                begin.max_running
            );
            return Err(Error::Overloaded { reason }.into());
        }
        let mut only: Vec<Measure> = Measure::ALL.to_vec();
        only.retain(|measure| args.only.is_empty() || args.only.contains(measure));
        let parts = u32::try_from(only.len())?;
        let (reference, limit) = if let Some(count) = args.count {
            (Limit { time: REFERENCE, count }, Limit { time: LONGEST, count })
        } else {
            let all = Limit { time: args.duration, count: u64::MAX };
            let reference = all.part(parts + 1).time.min(REFERENCE);
            let rest = Limit { time: args.duration.saturating_sub(reference), ..all };
            (Limit { time: reference, ..all }, rest.part(parts))
        };
        let load = Load { lines: args.concurrency, limit, patience: settings.request_timeout.unwrap_or(PATIENCE) };
        let is_local = settings.context.kind == Kind::Embedded && settings.orchestrator_url.is_none();
        let mut plan = Self {
            context: settings.context.name.clone(),
            control_plane: if is_local { "this machine's".to_owned() } else { plane.orchestrator().to_owned() },
            version: status.version,
            tenants,
            names: "bench-RUN-000 and so on".to_owned(),
            concurrency: args.concurrency,
            measures: only.iter().map(|measure| measure.label().to_owned()).collect(),
            seconds: args.count.is_none().then_some(args.duration.as_secs_f64()),
            count: args.count,
            running,
            max_running: begin.max_running,
            abandoned: ids,
            asks: !is_local && !args.yes,
            will: Vec::new(),
            only,
            load,
            reference: Load { limit: reference, ..load },
            is_local,
            longest: (limit.time + load.patience * 4) * (parts + 1),
        };
        plan.will = plan.sentences(status.warm_target, others);
        Ok(plan)
    }

    /// Until when its tenants are its own, whatever becomes of it.
    pub(super) fn ends(&self, now: Timestamp) -> Timestamp {
        now + self.longest + AROUND * 2
    }

    fn sentences(&self, warm_target: usize, others: usize) -> Vec<String> {
        let mut will = Vec::new();
        if !self.abandoned.is_empty() {
            will.push(format!("remove {} that a killed run has left", tenants(self.abandoned.len())));
        }
        if others > 0 {
            will.push(format!("leave alone {} of another run that may go on", tenants(others)));
        }
        will.push(format!("make {}, and remove at the end all that was made", tenants(self.tenants)));
        let measures = |measure| self.only.contains(&measure);
        if measures(Measure::Wake) || measures(Measure::Job) || measures(Measure::Exec) {
            will.push(format!(
                "run at most {} at once, beside the {} of {} that run now",
                agents(self.tenants),
                self.running,
                self.max_running
            ));
        }
        if measures(Measure::Wake) && warm_target > 0 {
            will.push("take agents out of the warm pool: another tenant's wake may be a cold one meanwhile".to_owned());
        }
        if measures(Measure::Job) {
            let often = match self.count {
                Some(count) => format!("{count} jobs"),
                None => format!("jobs for {:.1} s", self.load.limit.time.as_secs_f64()),
            };
            let at_once = match self.concurrency {
                1 => "one at a time".to_owned(),
                many => format!("{many} at once"),
            };
            will.push(format!(
                "submit {often}, {at_once}: a turn of the agent each, a credit for each second of it, and what its model costs; \
                 the ledger keeps their lines"
            ));
        }
        will
    }
}

fn tenants(count: usize) -> String {
    format!("{count} {}", if count == 1 { "tenant" } else { "tenants" })
}

fn agents(count: usize) -> String {
    format!("{count} {}", if count == 1 { "agent" } else { "agents" })
}

/// What the control plane says of itself.
async fn begin(client: &Client) -> Result<Begin> {
    let mut feed = client.feed().await?;
    match tokio::time::timeout(PATIENCE, feed.next()).await {
        Ok(Some(Ok(piece))) => match piece.change {
            Change::Begin(begin) => Ok(begin),
            _ => Err(Error::unavailable("feed", "it does not begin at its beginning; is it another version?").into()),
        },
        Ok(Some(Err(error))) => Err(error.into()),
        Ok(None) => Err(Error::unavailable("feed", "it ended at once").into()),
        Err(_) => Err(Error::Timeout { what: "the feed's beginning".to_owned(), after: PATIENCE }.into()),
    }
}
