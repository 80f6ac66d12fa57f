//! The queue of jobs in Redis.

use std::{collections::BTreeMap, time::Duration};

use ::redis::{Cmd, Value};
use async_trait::async_trait;
use futures::future::try_join_all;

use super::{
    Redis,
    connection::{POLL, classify},
    keys::Keys,
    rows::{Answer, damaged},
    scripts,
};
use crate::{
    clock::{Stopwatch, Timestamp},
    credits::{MAX_AMOUNT, MicroCredits},
    error::{Error, Result},
    jobs::{
        Finish, Job, JobId, JobState, MAX_RESULT, MAX_SCHEDULE, NewJob, Outcome, Renewal, Renewed, WorkerId, clipped,
    },
    partition::{
        Claimed, MAX_WAITING, Reaped, Submitted, key_conflict, lease_lost, over_budget, unpayable, used_bounded,
    },
    ports::jobs::{JobFilter, JobSettings, Jobs, Place, QueueView, QueuedTenant, Swept, Waits},
    quota::{Blocked, Period, Standing},
    tenant::TenantId,
};

/// Jobs that one call of a script moves at most: while it runs, nobody else is served.
const BATCH: usize = 250;

/// Bytes of prompts or results that one call carries at most, if it carries more than one.
const BATCH_BYTES: usize = 4 << 20;

/// Jobs that one call of a listing looks at.
const LOOKED_AT: usize = 1_000;

/// What a blocking read may take beyond what it was told to wait.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// The longest that one blocking read waits.
const BLOCK: Duration = Duration::from_secs(30);

/// Microseconds of a duration, within what scripts count exactly.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX).min((1 << 53) - 1)
}

/// The word for a state, as the library has it.
pub(super) fn label(word: &str) -> Result<&'static str> {
    JobState::LABELS.into_iter().find(|label| *label == word).ok_or_else(|| damaged(&format!("state {word:?}")))
}

/// Items by partition, in batches, each with its place in the answer.
type Batches<T> = BTreeMap<u16, Vec<Vec<(usize, T)>>>;

impl Redis {
    fn batches<T>(&self, items: Vec<T>, of: impl Fn(&T) -> (&TenantId, usize)) -> Batches<T> {
        let mut batches = Batches::new();
        let mut bytes: BTreeMap<u16, usize> = BTreeMap::new();
        for (place, item) in items.into_iter().enumerate() {
            let (tenant, size) = of(&item);
            let partition = self.partition_of(tenant);
            let lists = batches.entry(partition).or_default();
            let total = bytes.entry(partition).or_default();
            if let Some(list) = lists.last_mut().filter(|list| list.len() < BATCH && *total + size <= BATCH_BYTES) {
                *total += size;
                list.push((place, item));
            } else {
                *total = size;
                lists.push(vec![(place, item)]);
            }
        }
        batches
    }

    /// Sends batches: partitions side by side, the batches of each one after the other. Answers in the order given.
    async fn each<T: Sync + Send, R: Send>(
        &self,
        batches: Batches<T>,
        script: &'static scripts::Script,
        fill: impl Fn(&mut Cmd, &T) + Send + Sync,
        read: impl Fn(&T, &mut Answer) -> Result<R> + Send + Sync,
    ) -> Result<Vec<R>> {
        let (fill, read) = (&fill, &read);
        let of_partition = |(partition, lists): (u16, Vec<Vec<(usize, T)>>)| async move {
            let mut results = Vec::new();
            for list in lists {
                let mut answer = self
                    .run(partition, script, |command| list.iter().for_each(|(_, item)| fill(command, item)))
                    .await?;
                for (place, item) in &list {
                    results.push((*place, read(item, &mut answer)?));
                }
            }
            Ok::<_, Error>(results)
        };
        let mut results: Vec<(usize, R)> =
            try_join_all(batches.into_iter().map(of_partition)).await?.into_iter().flatten().collect();
        results.sort_by_key(|(place, _)| *place);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }

    async fn work_wait_blocking(&self, worker: &WorkerId, partitions: &[u16], wait: Duration) -> Result<bool> {
        let Some(connection) = self.shared.link.blocking().await? else { return Ok(false) };
        let streams: Vec<String> = partitions.iter().map(|partition| self.shared.keys.tokens(*partition)).collect();
        let mut command = ::redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(Keys::GROUP).arg(worker.as_str()).arg("COUNT").arg(1);
        command.arg("BLOCK").arg(wait.as_millis().max(1).to_string());
        command.arg("STREAMS").arg(&streams).arg(vec![">"; streams.len()]);
        let answer = self.shared.link.read_blocking(connection, &command, wait + GRACE).await;
        self.token_taken(partitions, answer).await
    }

    /// What came of a read of the streams: whether there was a token. It is acknowledged and removed; a group that is not
    /// there is made.
    async fn token_taken(&self, partitions: &[u16], answer: Result<Value, ::redis::RedisError>) -> Result<bool> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NOGROUP") => {
                for partition in partitions {
                    self.group_create(*partition).await?;
                }
                return Ok(false);
            }
            // The stream was deleted while it was waited for.
            Err(error) if error.code() == Some("UNBLOCKED") => return Ok(false),
            Err(error) => return Err(classify(error)),
        };
        let mut taken = false;
        for (stream, id) in tokens(&answer) {
            taken = true;
            for name in ["XACK", "XDEL"] {
                let mut command = ::redis::cmd(name);
                command.arg(stream);
                if name == "XACK" {
                    command.arg(Keys::GROUP);
                }
                // One that stays is found by the reaper.
                let _ = self.shared.link.send(command.arg(id)).await;
            }
        }
        Ok(taken)
    }

    async fn group_create(&self, partition: u16) -> Result<()> {
        let mut command = ::redis::cmd("XGROUP");
        command.arg("CREATE").arg(self.shared.keys.tokens(partition)).arg(Keys::GROUP).arg(0).arg("MKSTREAM");
        match self.shared.link.send(&command).await {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(classify(error)),
            _ => Ok(()),
        }
    }

    async fn work_wait_polling(&self, worker: &WorkerId, partitions: &[u16]) -> Result<bool> {
        for partition in partitions {
            let mut command = ::redis::cmd("XREADGROUP");
            command.arg("GROUP").arg(Keys::GROUP).arg(worker.as_str()).arg("COUNT").arg(1);
            command.arg("STREAMS").arg(self.shared.keys.tokens(*partition)).arg(">");
            let answer = self.shared.link.send(&command).await;
            if self.token_taken(&[*partition], answer).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a claim in one of the partitions may find something.
    async fn is_ready(&self, partitions: &[u16]) -> Result<bool> {
        let looks = partitions.iter().map(|partition| async move {
            let mut answer = self.run(*partition, &scripts::READY, |_| {}).await?;
            Ok::<bool, Error>(answer.number::<u8>()? == 1)
        });
        Ok(try_join_all(looks).await?.contains(&true))
    }

    /// Jobs of one partition.
    async fn list_partition(
        &self,
        partition: u16,
        filter: &JobFilter,
        after: Option<&JobId>,
        limit: usize,
    ) -> Result<Vec<Job>> {
        let state = filter.state.as_deref().unwrap_or("");
        let mut jobs = Vec::new();
        let (mut tenant, mut serial) = match (&filter.tenant, after) {
            (Some(tenant), Some(after)) if after.tenant() > tenant => return Ok(jobs),
            (Some(tenant), Some(after)) if after.tenant() == tenant => (tenant.to_string(), after.serial().to_owned()),
            (Some(tenant), _) => (tenant.to_string(), String::new()),
            (None, Some(after)) => (after.tenant().to_string(), after.serial().to_owned()),
            (None, None) => (String::new(), String::new()),
        };
        while jobs.len() < limit {
            let left = limit - jobs.len();
            let mut answer = self
                .run(partition, &scripts::LIST, |command| {
                    command.arg(&tenant).arg(&serial).arg(u8::from(filter.tenant.is_some())).arg(state);
                    command.arg(left.min(LOOKED_AT)).arg(LOOKED_AT);
                })
                .await?;
            (tenant, serial) = (answer.text()?, answer.text()?);
            let done = answer.number::<u8>()? == 1;
            while !answer.is_over() {
                let id = answer.text()?.parse().map_err(|_| damaged("job id"))?;
                jobs.push(answer.fields_next()?.job(id)?);
            }
            if done {
                break;
            }
        }
        Ok(jobs)
    }
}

/// The tokens of an answer of XREADGROUP: stream and id.
fn tokens(answer: &Value) -> Vec<(&[u8], &[u8])> {
    fn list(value: &Value) -> &[Value] {
        if let Value::Array(values) = value { values } else { &[] }
    }
    let mut found = Vec::new();
    for stream in list(answer) {
        if let [Value::BulkString(name), entries] = list(stream) {
            for entry in list(entries) {
                if let Some(Value::BulkString(id)) = list(entry).first() {
                    found.push((name.as_slice(), id.as_slice()));
                }
            }
        }
    }
    found
}

fn submit_fill(command: &mut Cmd, new: &NewJob) {
    let (key, body) =
        new.idempotency.as_ref().map_or(("", ""), |idempotency| (idempotency.key.as_str(), idempotency.body.as_str()));
    command.arg(new.id.tenant().as_str()).arg(new.id.serial()).arg(new.agent.as_str()).arg(new.cost.0);
    command.arg(new.priority).arg(new.max_attempts);
    command.arg(new.not_before.map_or(0, |at| at.as_micros().max(0))).arg(key).arg(body).arg(&new.prompt);
}

fn submit_read(new: &NewJob, answer: &mut Answer) -> Result<Result<Submitted>> {
    let (word, first, second) = (answer.text()?, answer.text()?, answer.text()?);
    let amount = || first.parse().map(MicroCredits).map_err(|_| damaged("amount"));
    Ok(match word.as_str() {
        "new" | "duplicate" => Ok(Submitted {
            id: JobId::new(new.id.tenant().clone(), &first).map_err(|_| damaged("serial"))?,
            duplicate: word == "duplicate",
            state: label(&second)?,
        }),
        "conflict" => Err(key_conflict()),
        "overloaded" => Err(Error::Overloaded { reason: format!("{MAX_WAITING} jobs of the tenant are waiting") }),
        "unpayable" => Err(unpayable(new.cost, amount()?)),
        "budget" => {
            let period = Period::from_label(&second).ok_or_else(|| damaged("period"))?;
            Err(over_budget(new.cost, amount()?, period))
        }
        _ => Err(Error::invalid("job", "a number of it is out of its bounds")),
    })
}

fn text_of(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Succeeded { result, .. } => ("succeeded", result),
        Outcome::Failed { error, retry: true } => ("failed", error),
        Outcome::Failed { error, retry: false } => ("fatal", error),
        Outcome::Released { .. } => ("released", ""),
    }
}

/// A tenant that a claim parked: `name:reason:due`.
fn parked_read(text: &str) -> Option<(TenantId, Blocked)> {
    let (name, standing) = text.split_once(':')?;
    let (reason, due) = standing.split_once(':')?;
    match Standing::from_label(reason, due.parse().ok()?)? {
        Standing::Parked(blocked) => Some((name.parse().ok()?, blocked)),
        Standing::Idle | Standing::Ready | Standing::Capped => None,
    }
}

#[async_trait]
impl Jobs for Redis {
    fn settings(&self) -> JobSettings {
        self.shared.jobs
    }

    async fn jobs_submit(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted>>> {
        let batches = self.batches(new, |job| (job.id.tenant(), job.prompt.len()));
        self.each(batches, &scripts::SUBMIT, submit_fill, submit_read).await
    }

    async fn jobs_claim(&self, partition: u16, worker: &WorkerId, max: usize, lease: Duration) -> Result<Claimed> {
        let mut answer = self
            .run(partition, &scripts::CLAIM, |command| {
                command.arg(worker.as_str()).arg(max).arg(micros(lease));
            })
            .await?;
        let mut claimed = Claimed { more: answer.number::<u8>()? == 1, next: answer.time()?, ..Claimed::default() };
        for parked in answer.text()?.split(',').filter(|parked| !parked.is_empty()) {
            claimed.parked.push(parked_read(parked).ok_or_else(|| damaged("parked tenant"))?);
        }
        while !answer.is_over() {
            let tenant: TenantId = answer.number()?;
            let serial = answer.text()?;
            claimed.jobs.push(crate::jobs::Leased {
                id: JobId::new(tenant, &serial).map_err(|_| damaged("serial"))?,
                agent: answer.number()?,
                cost: MicroCredits(answer.number()?),
                attempt: answer.number()?,
                epoch: crate::jobs::JobEpoch(answer.number()?),
                lease_until: Timestamp::from_micros(answer.number()?),
                prompt: answer.text()?,
                pointer: answer.maybe()?,
            });
        }
        Ok(claimed)
    }

    async fn leases_renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>> {
        let batches = self.batches(renewals, |renewal| (renewal.id.tenant(), 0));
        let fill = |command: &mut Cmd, renewal: &Renewal| {
            command.arg(renewal.id.tenant().as_str()).arg(renewal.id.serial()).arg(renewal.epoch.0);
            command.arg(micros(renewal.lease));
            match renewal.need {
                Some(need) => command.arg(need.0.clamp(0, MAX_AMOUNT.0)),
                None => command.arg(""),
            };
        };
        let read = |_: &Renewal, answer: &mut Answer| {
            let (word, until, reason) = (answer.text()?, answer.text()?, answer.text()?);
            if word == "lost" {
                return Ok(Renewed::Lost);
            }
            let lease_until = Timestamp::from_micros(until.parse().map_err(|_| damaged("lease"))?);
            if word == "continue" {
                return Ok(Renewed::Continue { lease_until });
            }
            let reasons = ["cancelled", "credits", "budget"];
            let reason = reasons.into_iter().find(|known| *known == reason).ok_or_else(|| damaged("reason"))?;
            Ok(Renewed::Cancel { lease_until, reason })
        };
        self.each(batches, &scripts::RENEW, fill, read).await
    }

    async fn leases_finalize(&self, mut finishes: Vec<Finish>) -> Result<Vec<Result<&'static str>>> {
        for finish in &mut finishes {
            if let Outcome::Succeeded { result: text, .. } | Outcome::Failed { error: text, .. } = &mut finish.outcome {
                *text = clipped(std::mem::take(text), MAX_RESULT);
            }
        }
        let batches = self.batches(finishes, |finish| (finish.id.tenant(), text_of(&finish.outcome).1.len()));
        let fill = |command: &mut Cmd, finish: &Finish| {
            let (kind, text) = text_of(&finish.outcome);
            command.arg(finish.id.tenant().as_str()).arg(finish.id.serial()).arg(finish.epoch.0);
            command.arg(used_bounded(finish.used).0).arg(kind).arg(text);
            match &finish.outcome {
                Outcome::Succeeded { pointer: Some(pointer), .. } => command.arg(format!("+{pointer}")),
                _ => command.arg(""),
            };
            let after = match finish.outcome {
                Outcome::Released { after } => after.min(MAX_SCHEDULE),
                _ => Duration::ZERO,
            };
            command.arg(micros(after)).arg(self.jitter().min(999));
        };
        let read = |finish: &Finish, answer: &mut Answer| {
            let (word, state) = (answer.text()?, answer.text()?);
            Ok(match word.as_str() {
                "ok" => Ok(label(&state)?),
                "missing" => Err(Error::not_found("job", &finish.id)),
                "lost" => Err(lease_lost(&finish.id)),
                _ => Err(Error::invalid("job", "a number of it is out of its bounds")),
            })
        };
        self.each(batches, &scripts::FINALIZE, fill, read).await
    }

    async fn job_cancel(&self, id: &JobId) -> Result<&'static str> {
        let mut answer = self
            .run(self.partition_of(id.tenant()), &scripts::CANCEL, |command| {
                command.arg(id.tenant().as_str()).arg(id.serial());
            })
            .await?;
        match answer.word.as_str() {
            "OK" => label(&answer.text()?),
            "OVER" => Err(Error::conflict("job", id, format!("it is {} already", answer.text()?))),
            _ => Err(Error::not_found("job", id)),
        }
    }

    async fn job_retry(&self, id: &JobId) -> Result<()> {
        let mut answer = self
            .run(self.partition_of(id.tenant()), &scripts::RETRY, |command| {
                command.arg(id.tenant().as_str()).arg(id.serial());
            })
            .await?;
        match answer.word.as_str() {
            "OK" => Ok(()),
            "OVER" => Err(Error::conflict("job", id, format!("it is {}, not dead or cancelled", answer.text()?))),
            _ => Err(Error::not_found("job", id)),
        }
    }

    async fn job_get(&self, id: &JobId) -> Result<Option<Job>> {
        let mut answer = self
            .run(self.partition_of(id.tenant()), &scripts::JOB, |command| {
                command.arg(id.tenant().as_str()).arg(id.serial()).arg("job");
            })
            .await?;
        if answer.word != "OK" {
            return Ok(None);
        }
        answer.fields()?.job(id.clone()).map(Some)
    }

    async fn job_prompt(&self, id: &JobId) -> Result<Option<String>> {
        let mut answer = self
            .run(self.partition_of(id.tenant()), &scripts::JOB, |command| {
                command.arg(id.tenant().as_str()).arg(id.serial()).arg("prompt");
            })
            .await?;
        answer.maybe()
    }

    async fn job_list(&self, filter: &JobFilter, after: Option<&JobId>, limit: usize) -> Result<Vec<Job>> {
        if let Some(state) = filter.state.as_deref().filter(|state| !JobState::LABELS.contains(state)) {
            return Err(Error::invalid("state", format!("{state:?} is none of {}", JobState::LABELS.join(", "))));
        }
        let partitions = match &filter.tenant {
            Some(tenant) => vec![self.partition_of(tenant)],
            None => (0..self.shared.jobs.partitions).collect(),
        };
        let lists = partitions.into_iter().map(|partition| self.list_partition(partition, filter, after, limit));
        let mut jobs: Vec<Job> = try_join_all(lists).await?.into_iter().flatten().collect();
        jobs.sort_by(|a, b| a.id.cmp(&b.id));
        jobs.truncate(limit);
        Ok(jobs)
    }

    async fn jobs_reap(&self, partition: u16, limit: usize) -> Result<Reaped> {
        let jitter = self.jitter().min(999);
        let mut answer = self
            .run(partition, &scripts::REAP, |command| {
                command.arg(limit).arg(jitter);
            })
            .await?;
        Ok(Reaped {
            requeued: answer.number()?,
            dead: answer.number()?,
            turns: answer.number()?,
            moved: answer.number()?,
            more: answer.number::<u8>()? == 1,
            next: answer.time()?,
        })
    }

    async fn jobs_sweep(&self, partition: u16) -> Result<Swept> {
        self.sweep(partition).await
    }

    async fn work_wait(&self, worker: &WorkerId, partitions: &[u16], until: Timestamp) -> Result<()> {
        let partitions: Vec<u16> = partitions.iter().copied().filter(|p| self.known(*p).is_ok()).collect();
        if partitions.is_empty() {
            self.sleep_until(until).await;
            return Ok(());
        }
        // Whatever became of the tokens, work that is there is found.
        if self.is_ready(&partitions).await? {
            return Ok(());
        }
        // Measured from here: a test's clock may stand still.
        let (wait, waited) = (until.since(self.now()), Stopwatch::start());
        while let Some(left) = wait.checked_sub(waited.elapsed()).filter(|left| !left.is_zero()) {
            if self.shared.link.blocks() {
                if self.work_wait_blocking(worker, &partitions, left.min(BLOCK)).await? {
                    break;
                }
            } else {
                if self.work_wait_polling(worker, &partitions).await? {
                    break;
                }
                tokio::time::sleep(POLL.min(left)).await;
            }
        }
        Ok(())
    }

    async fn queue_view(&self, partition: u16) -> Result<QueueView> {
        let mut answer = self.run(partition, &scripts::VIEW, |_| {}).await?;
        let mut view = QueueView {
            capacity: answer.number()?,
            leases: answer.number()?,
            clock: answer.number()?,
            delayed: answer.number()?,
            next_due: answer.time()?,
            next_lease: answer.time()?,
            ready_count: answer.number()?,
            active_weight: answer.number()?,
            recovered: answer.number()?,
            waits: Waits {
                turn: answer.number()?,
                capped: answer.number()?,
                credits: answer.number()?,
                budget: answer.number()?,
                // Below nothing in a store of before, until its first sweep.
                delayed: u64::try_from(answer.number::<i64>()?).unwrap_or(0),
            },
            ready: Vec::new(),
            held_back: Vec::new(),
        };
        while !answer.is_over() {
            let tenant = answer.number()?;
            let (tag, weight) = (answer.number()?, answer.number()?);
            let (standing, until) = (answer.text()?, answer.number()?);
            let standing = Standing::from_label(&standing, until).ok_or_else(|| damaged("standing"))?;
            let (waiting, running) = (answer.number()?, answer.number()?);
            let queued = QueuedTenant { tenant, tag, weight, standing, waiting, running };
            match standing {
                Standing::Ready | Standing::Idle => view.ready.push(queued),
                Standing::Capped | Standing::Parked(_) => view.held_back.push(queued),
            }
        }
        view.held_back.sort_by(|one, other| one.tenant.cmp(&other.tenant));
        Ok(view)
    }

    async fn job_place(&self, id: &JobId) -> Result<Option<Place>> {
        let mut answer = self
            .run(self.partition_of(id.tenant()), &scripts::PLACE, |command| {
                command.arg(id.tenant().as_str()).arg(id.serial());
            })
            .await?;
        if answer.word != "OK" {
            return Ok(None);
        }
        let (ahead_in_tenant, tenants_ahead, waiting) = (answer.number()?, answer.number()?, answer.number()?);
        let account = answer.fields()?.account()?;
        let tenant = QueuedTenant {
            tenant: id.tenant().clone(),
            tag: account.tag,
            weight: account.quota.weight,
            standing: account.standing,
            waiting,
            running: account.running,
        };
        Ok(Some(Place { ahead_in_tenant, tenants_ahead, tenant }))
    }

    async fn capacity_set(&self, partition: u16, capacity: u32) -> Result<()> {
        self.run(partition, &scripts::CAPACITY, |command| {
            command.arg(capacity);
        })
        .await
        .map(|_| ())
    }
}
