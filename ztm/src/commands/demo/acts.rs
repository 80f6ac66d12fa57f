//! The acts of the demo, in order.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use futures::{StreamExt, TryStreamExt};
use libtenancy::{
    api::{CreateTenant, UpdateTenant, WakeView},
    clock::Stopwatch,
    credits::{CREDIT, MicroCredits},
    fairness,
    tenant::StopReason,
};

use super::{
    governance,
    report::{Check, Report, Wakes, milliseconds, quantile},
    stage::{Actor, BOUND, Stage},
    zeroclaw,
};
use crate::{cli::demo::DemoArgs, printer::Printer};

/// Idle tenants whose memory is measured.
const IDLE_SAMPLE: usize = 1_000;

/// The idle timeout while nothing is to fall idle, seconds.
const AWAKE: i64 = 3_600;

/// How it can be seen that an agent remembers.
enum Memory {
    /// It counts what it remembers in front of every answer.
    Counted,
    /// ZeroClaw keeps a row for every message.
    ZeroClaw,
    /// Nothing is known of it.
    Unknown,
}

pub(super) struct Play<'a> {
    stage: Stage,
    actors: Vec<Actor>,
    messages: usize,
    memory: Memory,
    agent: String,
    printer: &'a Printer,
    /// What was written, by chat, in order.
    written: BTreeMap<i64, Vec<String>>,
    wakes: Vec<WakeView>,
    idle_stops: usize,
    checks: Vec<Check>,
}

impl<'a> Play<'a> {
    pub(super) fn new(stage: Stage, args: &DemoArgs, printer: &'a Printer) -> Self {
        Self {
            stage,
            actors: (0..args.tenants as usize).map(Actor::new).collect(),
            messages: args.messages as usize,
            memory: match args.agent.as_deref() {
                None => Memory::Counted,
                Some(command) if zeroclaw::is_meant(command) => Memory::ZeroClaw,
                Some(_) => Memory::Unknown,
            },
            agent: args.agent.clone().unwrap_or_else(|| "the built-in agent".to_owned()),
            printer,
            written: BTreeMap::new(),
            wakes: Vec::new(),
            idle_stops: 0,
            checks: Vec::new(),
        }
    }

    pub(super) async fn end(&mut self) -> anyhow::Result<()> {
        self.stage.down().await
    }

    pub(super) async fn run(&mut self) -> anyhow::Result<Report> {
        let watch = Stopwatch::start();
        self.say("starting a control plane, and a double of Telegram");
        let ready = self.stage.up().await?;
        self.say(&format!("  ready after {:.0} ms", milliseconds(ready)));

        self.say(&format!("creating {} tenants; each gets a webhook", self.actors.len()));
        for actor in &self.actors {
            self.stage.create(actor, AWAKE).await?;
        }

        self.say("one message to each: every agent is asleep and must be woken");
        self.write_all(1)?;
        self.answered().await?;
        self.wakes_note("first message").await?;

        self.say(&format!("{} messages to each, all at once", self.messages));
        self.write_all(self.messages)?;
        self.answered().await?;
        let (running_bytes, agentd_bytes) = self.running_memory().await;
        let duplicates = self.repeat().await?;

        self.say("no more work: the agents fall idle, are saved and stopped");
        self.fall_idle().await?;

        self.say("one more message to each: they wake with their memory");
        self.write_all(1)?;
        self.answered().await?;
        self.wakes_note("after idling").await?;
        self.memory_check();

        self.say("killing the control plane (SIGKILL) while messages are on their way");
        let (recovery, adopted) = self.kill_and_recover().await?;
        self.say(&format!(
            "  its successor was ready after {:.0} ms and took over {adopted} agents",
            milliseconds(recovery)
        ));

        self.say(&format!("{} jobs by one tenant at once, while the others want one each", governance::FLOOD));
        let governed = governance::perform(&self.stage, &self.actors).await?;
        self.written.entry(self.actors[0].chat).or_default().extend(governance::OVER_BUDGET.map(str::to_owned));
        self.say(&format!(
            "  the others' jobs took {:.0} ms at most; the flood {:.0} ms",
            milliseconds(governed.longest),
            milliseconds(governed.flood)
        ));

        self.say(&format!("{IDLE_SAMPLE} more tenants that sleep: what they cost"));
        let bytes_per_idle_tenant = self.idle_memory().await?;

        let counts = self.count();
        self.stage.down().await?;
        self.check(
            "nothing is left running",
            self.stage.agents_alive() == 0,
            format!("{} agents hold their lock", self.stage.agents_alive()),
        );
        self.promises(&counts, duplicates);
        self.governance_check(&governed);
        Ok(Report {
            agent: self.agent.clone(),
            tenants: self.actors.len(),
            accepted: counts.accepted,
            answered: counts.answered,
            duplicates_dropped: duplicates,
            lost: counts.accepted.saturating_sub(counts.answered),
            repeated: counts.repeated,
            cold: self.wakes_of("cold"),
            warm: self.wakes_of("warm"),
            idle_stops: self.idle_stops,
            recovery_ms: milliseconds(recovery),
            adopted,
            bytes_per_running_tenant: running_bytes,
            agentd_bytes,
            bytes_per_idle_tenant,
            idle_sample: IDLE_SAMPLE,
            seconds: (watch.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            kept: None,
            checks: std::mem::take(&mut self.checks),
        })
    }

    fn say(&self, text: &str) {
        self.printer.note(text);
    }

    fn check(&mut self, promise: &str, held: bool, seen: String) {
        self.checks.push(Check { promise: promise.to_owned(), held, seen });
    }

    /// Everybody writes `count` messages.
    fn write_all(&mut self, count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            for actor in &self.actors {
                let written = self.written.entry(actor.chat).or_default();
                // A mark at the end, so that no message is the beginning of another.
                let text = format!("message {} of {};", written.len() + 1, actor.id);
                self.stage.double.message_push(&actor.token, actor.chat, &text)?;
                written.push(text);
            }
        }
        Ok(())
    }

    /// Waits until everything that was written is answered.
    async fn answered(&self) -> anyhow::Result<()> {
        for actor in &self.actors {
            let expected = &self.written[&actor.chat];
            let what = format!("the answers to `{}`", actor.id);
            self.stage
                .double
                .wait_until(&what, BOUND, |double| {
                    let sent = double.sent(actor.chat);
                    // The last one first: what is missing is usually that.
                    expected.iter().rev().all(|text| sent.iter().any(|sent| sent.text.contains(text))).then_some(())
                })
                .await?;
        }
        Ok(())
    }

    /// Sends the first update of everybody once more, as Telegram does when an answer was lost.
    async fn repeat(&self) -> anyhow::Result<usize> {
        let mut dropped = 0;
        for actor in &self.actors {
            let double = &self.stage.double;
            let Some(first) = double.accepted(&actor.token).first().copied() else { continue };
            let (before, accepted) = (double.sent_count(actor.chat), double.accepted(&actor.token).len());
            let message = serde_json::json!({"message": {
                "message_id": 1, "date": 0, "text": self.written[&actor.chat][0],
                "chat": {"id": actor.chat, "type": "private"}, "from": {"id": actor.chat, "is_bot": false, "first_name": "A"},
            }});
            double.update_push_as(&actor.token, first, message)?;
            double
                .wait_until("the repeat to be answered 200", BOUND, |double| {
                    (double.accepted(&actor.token).len() > accepted).then_some(())
                })
                .await?;
            // The next message's answer comes after anything the repeat could have caused.
            if double.sent_count(actor.chat) == before {
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    async fn wakes_note(&mut self, when: &str) -> anyhow::Result<()> {
        let status = self.stage.status().await?;
        self.wakes = status.wakes.into_iter().map(|record| record.wake).collect();
        if let Some(last) = self.wakes.last() {
            let p = &last.phases;
            self.say(&format!(
                "  {when}: {} wake in {:.1} ms (queue {:.1}, lock {:.1}, workload {:.1}, restore {:.1}, agent ready {:.1}, record {:.1})",
                last.kind, p.total_ms, p.queue_ms, p.lock_ms, p.workload_ms, p.restore_ms, p.ready_ms, p.record_ms
            ));
        }
        Ok(())
    }

    fn wakes_of(&self, kind: &str) -> Wakes {
        let of_kind = || self.wakes.iter().filter(|wake| wake.kind == kind).map(|wake| &wake.phases);
        let totals: Vec<f64> = of_kind().map(|p| p.total_ms).collect();
        let own: Vec<f64> = of_kind().map(|p| p.total_ms - p.restore_ms - p.ready_ms).collect();
        Wakes {
            count: totals.len(),
            p50_ms: quantile(&totals, 0.5),
            p95_ms: quantile(&totals, 0.95),
            own_p50_ms: quantile(&own, 0.5),
        }
    }

    /// Mean resident bytes of a running tenant's two processes, and of agentd alone.
    async fn running_memory(&self) -> (Option<u64>, Option<u64>) {
        let (mut both, mut agentd, mut count) = (0_u64, 0_u64, 0_u64);
        for actor in &self.actors {
            let Ok(client) = self.stage.client().await else { continue };
            let Ok(plane) = client.plane("the demo") else { continue };
            if let Ok(status) = plane.agent_status(&actor.id).await
                && let (Some(agent), Some(own)) = (status.agent_memory_bytes, status.memory_bytes)
            {
                both += agent + own;
                agentd += own;
                count += 1;
            }
        }
        (both.checked_div(count), agentd.checked_div(count))
    }

    async fn fall_idle(&mut self) -> anyhow::Result<()> {
        let client = self.stage.client().await?;
        let set = async |seconds| {
            for actor in &self.actors {
                let change = UpdateTenant { idle_timeout_s: Some(seconds), ..UpdateTenant::default() };
                client.tenant_update(&actor.id, change).await?;
            }
            anyhow::Ok(())
        };
        set(1).await?;
        let mut saved = 0;
        for actor in &self.actors {
            let tenant = self.stage.wait_idle(&actor.id).await?;
            self.idle_stops += usize::from(tenant.stop_reason == Some(StopReason::Idle));
            saved += usize::from(tenant.snapshot.is_some());
        }
        set(AWAKE).await?;
        let all = self.actors.len();
        self.check("agents without work are stopped", self.idle_stops == all, format!("{} of {all}", self.idle_stops));
        self.check("their state is saved", saved == all, format!("{saved} of {all} snapshots published"));
        Ok(())
    }

    /// Whether everybody's agent still knows every message, those of its earlier life included.
    fn memory_check(&mut self) {
        let remembers = |actor: &&Actor| {
            let written = &self.written[&actor.chat];
            match self.memory {
                Memory::Counted => {
                    let remembered = format!("[{}] ", written.len());
                    self.stage.double.sent(actor.chat).last().is_some_and(|sent| sent.text.starts_with(&remembered))
                }
                Memory::ZeroClaw => zeroclaw::remembered(&self.stage.agent_state(actor))
                    .is_ok_and(|remembered| written.iter().all(|text| remembered.contains(text))),
                Memory::Unknown => false,
            }
        };
        if matches!(self.memory, Memory::Unknown) {
            return;
        }
        let (intact, all) = (self.actors.iter().filter(remembers).count(), self.actors.len());
        self.check("memory outlives the agent", intact == all, format!("{intact} of {all} remember every message"));
    }

    async fn kill_and_recover(&mut self) -> anyhow::Result<(Duration, usize)> {
        let before = self.stage.double.sent_total();
        self.write_all(self.messages)?;
        // In the middle: some are answered, some are stored, some are still with Telegram.
        let third = (self.messages * self.actors.len() / 3) as u64;
        self.stage
            .double
            .wait_until("a third of the answers", BOUND, |double| (double.sent_total() >= before + third).then_some(()))
            .await?;
        self.stage.kill().await?;
        let recovery = self.stage.up().await?;
        self.answered().await?;
        let status = self.stage.status().await?;
        self.wakes.extend(status.wakes.into_iter().map(|record| record.wake));
        let mut adopted = 0;
        for actor in &self.actors {
            let tenant = self.stage.tenant(&actor.id).await?;
            // Its agent is older than the control plane that now serves it.
            adopted += usize::from(tenant.status == "running" && tenant.since < status.started_at);
        }
        Ok((recovery, adopted))
    }

    /// What the control plane's resident memory grows by for each sleeping tenant.
    async fn idle_memory(&self) -> anyhow::Result<u64> {
        let before = self.stage.status().await?.memory_bytes.context("resident memory cannot be read")?;
        let client = self.stage.client().await?;
        futures::stream::iter(0..IDLE_SAMPLE)
            .map(|i| {
                let new = CreateTenant { tenant_id: format!("sleeper-{i}"), ..CreateTenant::default() };
                client.tenant_create(new)
            })
            .buffer_unordered(32)
            .try_collect::<Vec<_>>()
            .await?;
        let after = self.stage.status().await?.memory_bytes.context("resident memory cannot be read")?;
        Ok(after.saturating_sub(before) / IDLE_SAMPLE as u64)
    }

    fn count(&self) -> Counts {
        let mut counts = Counts { accepted: 0, answered: 0, repeated: 0, in_order: true };
        for actor in &self.actors {
            let written = &self.written[&actor.chat];
            let mut accepted = self.stage.double.accepted(&actor.token);
            accepted.sort_unstable();
            accepted.dedup();
            counts.accepted += accepted.len();
            let sent = self.stage.double.sent(actor.chat);
            let answers = |text: &String| sent.iter().filter(|sent| sent.text.contains(text)).count();
            counts.answered += written.iter().filter(|text| answers(text) > 0).count();
            counts.repeated += written.iter().map(|text| answers(text).saturating_sub(1)).sum::<usize>();
            let firsts: Vec<Option<usize>> =
                written.iter().map(|text| sent.iter().position(|sent| sent.text.contains(text))).collect();
            counts.in_order &= firsts.is_sorted();
        }
        counts
    }

    fn governance_check(&mut self, seen: &governance::Seen) {
        // The bound of `libtenancy::fairness`: one start of each other tenant, and what recent use adds.
        let memory = fairness::MEMORY * i64::from(fairness::DEFAULT_WEIGHT) / CREDIT;
        let bound = self.actors.len() + usize::try_from(memory).unwrap_or(usize::MAX);
        self.check(
            "a flood by one tenant delays no other",
            seen.starts_before <= bound,
            format!(
                "at most {} of its {} jobs began before another's single one (the bound is {bound}), which took {:.0} ms",
                seen.starts_before,
                governance::FLOOD,
                milliseconds(seen.longest)
            ),
        );
        self.check("a used-up budget is told once", seen.told == 1, format!("{} messages for 2", seen.told));
        self.check(
            "a grant resumes what waited",
            seen.resumed,
            if seen.resumed { "both kept messages were answered" } else { "they were not answered" }.to_owned(),
        );
        self.check(
            "the books balance",
            seen.imbalance == MicroCredits::ZERO,
            format!("{} rows, off by {} credits", seen.rows, seen.imbalance),
        );
    }

    fn promises(&mut self, counts: &Counts, duplicates: usize) {
        let written: usize = self.written.values().map(Vec::len).sum();
        let (accepted, answered) = (counts.accepted, counts.answered);
        self.check(
            "every accepted message is answered",
            answered == accepted && accepted == written,
            format!("{answered} of {accepted}"),
        );
        self.check(
            "answers come in order",
            counts.in_order,
            if counts.in_order { "all of them" } else { "not all" }.to_owned(),
        );
        let all = self.actors.len();
        self.check(
            "a repeated update is taken once",
            duplicates == all,
            format!("{duplicates} of {all} repeats dropped"),
        );
        // One kill cuts off at most one send of each tenant.
        self.check(
            "only a cut-off send repeats",
            counts.repeated <= all,
            format!("{} answers came twice", counts.repeated),
        );
    }
}

struct Counts {
    accepted: usize,
    answered: usize,
    repeated: usize,
    in_order: bool,
}
