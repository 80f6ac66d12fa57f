//! What is measured, a function each; all of it on the run's own tenants.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{Seek, Write},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream};
use libtenancy::{
    Error, Result,
    api::{
        StopTenant, UpdateTenant,
        feed::{Change, Piece},
        jobs::SubmitJob,
    },
    clock::Stopwatch,
    credits::MicroCredits,
    exec::{Frame, Start},
    labels::LabelChange,
    secret::random_bytes,
};
use tokio::sync::oneshot;

use super::load::{Load, Meter, REST};
use crate::client::{Client, is_over};

/// The label that is changed to see when the feed tells of it.
const EVENT: &str = "ztm-bench-event";

/// What an agent is told, and what is held for its answer.
const PROMPT: &str = "This is a measurement. Answer with one word.";
const COST: MicroCredits = MicroCredits::credits(10);

/// How many rows of the list are read.
const ROWS: usize = 100;

/// What is written before it is made durable, in bytes.
const BLOCK: usize = 4096;

/// Between two looks at the warm pool.
const LOOK: Duration = Duration::from_millis(200);

/// By tenant: what its label is to be, and who waits for that.
type Waiting = BTreeMap<String, (String, oneshot::Sender<()>)>;

/// What everything is measured with.
pub(super) struct Bench<'a> {
    pub(super) client: &'a Client,
    pub(super) ids: &'a [String],
    pub(super) load: Load,
    /// How long each of those is measured that the rest is compared with.
    pub(super) reference: Load,
    /// Agents that the warm pool is to have.
    pub(super) warm_target: usize,
}

impl Bench<'_> {
    fn id(&self, number: u64) -> &str {
        let place = number % self.ids.len() as u64;
        &self.ids[usize::try_from(place).unwrap_or_default()]
    }

    /// A load in which a line has a tenant for itself.
    fn load_of_one_each(&self) -> Load {
        Load { lines: self.load.lines.min(self.ids.len()), ..self.load }
    }

    fn half(&self) -> Load {
        Load { limit: self.load.limit.part(2), ..self.load }
    }

    /// A bare round trip.
    pub(super) async fn healthz(&self) -> Result<Vec<Meter>> {
        let plane = self.client.plane("`ztm bench`")?;
        Ok(vec![self.reference.run("healthz", async |_, _| plane.healthy().await).await?])
    }

    /// A block written and made durable, again and again, in a file that has no name.
    pub(super) async fn fsync(&self, state_dir: &std::path::Path) -> Result<Vec<Meter>> {
        let wrong = || Error::io("write a file in", state_dir);
        let file = RefCell::new(Some(tempfile::tempfile_in(state_dir).map_err(wrong())?));
        let one = async |_: usize, _: u64| {
            let mut own = file.take().ok_or_else(|| Error::internal("two lines write one file"))?;
            let write = move || {
                own.rewind().and_then(|()| own.write_all(&[7; BLOCK])).and_then(|()| own.sync_data()).map(|()| own)
            };
            let written = tokio::task::spawn_blocking(write).await.map_err(|e| Error::internal(e.to_string()))?;
            file.replace(Some(written.map_err(wrong())?));
            Ok(())
        };
        Ok(vec![Load { lines: 1, ..self.reference }.run("fsync", one).await?])
    }

    /// Wakes and stops: all at once, so that the warm pool runs dry; then, where there is one, each when an agent is ready.
    pub(super) async fn wake(&self) -> Result<Vec<Meter>> {
        let mut wakes = Wakes {
            bench: self,
            cold: RefCell::new(Meter::new("wake.cold")?),
            warm: RefCell::new(Meter::new("wake.warm")?),
            stop: RefCell::new(Meter::new("wake.stop")?),
        };
        let pooled = self.warm_target > 0;
        let time = self.load.limit.part(if pooled { 2 } else { 1 }).time;
        let (mut at_once, mut singly) = match self.load.limit.count {
            u64::MAX => (u64::MAX, u64::MAX),
            count if pooled => (count.div_ceil(2), count / 2),
            count => (count, 0),
        };
        let (watch, mut first) = (Stopwatch::start(), true);
        while at_once > 0 && (first || watch.elapsed() < time) {
            first = false;
            let now = self.ids.len().min(usize::try_from(at_once).unwrap_or(usize::MAX));
            at_once -= now as u64;
            wakes.at_once(&self.ids[..now]).await?;
        }
        let (watch, mut first) = (Stopwatch::start(), true);
        while pooled && singly > 0 && (first || watch.elapsed() < time) && self.pool_ready().await? {
            first = false;
            singly -= 1;
            wakes.at_once(&[self.id(singly).to_owned()]).await?;
        }
        Ok(wakes.measured())
    }

    /// Whether the warm pool has an agent; waits a while for it.
    async fn pool_ready(&self) -> Result<bool> {
        let (plane, watch) = (self.client.plane("`ztm bench`")?, Stopwatch::start());
        while plane.pool_get().await?.ready == 0 {
            if watch.elapsed() > self.load.patience {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(true)
    }

    /// Has every agent awake; what fails here fails again where it is measured.
    async fn awake(&self) {
        let one = async |id: &String| drop(self.client.tenant_wake(id).await);
        stream::iter(self.ids).map(one).buffer_unordered(self.load.lines).collect::<Vec<()>>().await;
    }

    /// Jobs, from the submission to the end; the agents are awake.
    pub(super) async fn job(&self) -> Result<Vec<Meter>> {
        self.awake().await;
        let one = async |_: usize, number: u64| {
            let id = self.id(number);
            let new = SubmitJob {
                tenant_id: id.to_owned(),
                prompt: PROMPT.to_owned(),
                cost_gpu_seconds: COST,
                max_attempts: Some(1),
                ..SubmitJob::default()
            };
            let key = hex::encode(random_bytes::<16>()?);
            let submitted = self.client.job_submit(new, &key).await?;
            loop {
                let job = self.client.job_wait(&submitted.job_id, self.load.patience).await?;
                if job.status == "succeeded" {
                    return Ok(());
                }
                if is_over(&job) {
                    let reason = job.error().cloned().unwrap_or_else(|| format!("its job is {}", job.status));
                    return Err(Error::AgentFailed { tenant: id.to_owned(), reason });
                }
            }
        };
        Ok(vec![self.load.run("job", one).await?])
    }

    /// One tenant, and a page of the list.
    pub(super) async fn read(&self) -> Result<Vec<Meter>> {
        let get = async |_: usize, number: u64| self.client.tenant_get(self.id(number)).await.map(drop);
        let list = async |_: usize, _: u64| self.client.tenant_names("", ROWS).await.map(drop);
        Ok(vec![self.half().run("read.get", get).await?, self.half().run("read.list", list).await?])
    }

    /// From a change until the feed has told of it.
    pub(super) async fn event(&self) -> Result<Vec<Meter>> {
        let mut feed = self.client.feed().await?;
        // What there was is told first.
        let ready = async {
            while let Some(piece) = feed.try_next().await? {
                if piece.change == Change::Ready {
                    return Ok(());
                }
            }
            Err(Error::unavailable("feed", "it ended"))
        };
        self.load.within("the feed's beginning", ready).await?;
        // None once the feed has ended.
        let waiting: RefCell<Option<Waiting>> = RefCell::new(Some(BTreeMap::new()));
        let ended = || Error::unavailable("feed", "it ended");
        let change = async |line: usize, number: u64| {
            let (id, value) = (&self.ids[line], number.to_string());
            let (told, hears) = oneshot::channel();
            waiting.borrow_mut().as_mut().ok_or_else(ended)?.insert(id.clone(), (value.clone(), told));
            let labels = LabelChange::from([(EVENT.to_owned(), Some(value))]);
            self.client.tenant_update(id, UpdateTenant { labels, ..UpdateTenant::default() }).await?;
            hears.await.map_err(|_| ended())
        };
        let hear = async {
            while let Some(Ok(Piece { change, .. })) = feed.next().await {
                let Change::Tenants(lines) = change else { continue };
                for line in lines {
                    let mut waiting = waiting.borrow_mut();
                    let Some(waiting) = waiting.as_mut() else { continue };
                    let told = line.labels.get(EVENT);
                    if waiting.get(&line.id).is_some_and(|(value, _)| told == Some(value.as_str()))
                        && let Some((_, told)) = waiting.remove(&line.id)
                    {
                        let _ = told.send(());
                    }
                }
            }
            waiting.take();
            std::future::pending().await
        };
        tokio::select! {
            meter = self.load_of_one_each().run("event", change) => Ok(vec![meter?]),
            never = hear => never,
        }
    }

    /// Sessions beside an agent that is awake; none where agents of this kind take none.
    pub(super) async fn exec(&self) -> Result<Vec<Meter>> {
        self.awake().await;
        if let Err(Error::Invalid { .. }) = self.session(&self.ids[0]).await {
            return Ok(Vec::new());
        }
        let one = async |line: usize, _: u64| self.session(&self.ids[line]).await;
        Ok(vec![self.load_of_one_each().run("exec", one).await?])
    }

    /// Opens a session, runs a command that does nothing, and hears that it ended.
    async fn session(&self, id: &str) -> Result<()> {
        let broke = |error: std::io::Error| Error::unavailable("session", error);
        let failed = |reason: String| Error::AgentFailed { tenant: id.to_owned(), reason };
        let session = self.client.tenant_exec(id).await?;
        let (mut hears, mut says) = tokio::io::split(session.stream);
        let start = Start { command: vec!["true".to_owned()], terminal: None, term: None };
        Frame::Start(start).write(&mut says).await.map_err(broke)?;
        while let Some(frame) = Frame::read(&mut hears).await.map_err(broke)? {
            match frame {
                Frame::Exit(0) => return Ok(()),
                Frame::Exit(code) => return Err(failed(format!("`true` ended with status {code}"))),
                Frame::Refused(why) => return Err(failed(why)),
                _ => {}
            }
        }
        Err(failed("the session ended before its command did".to_owned()))
    }
}

/// Wakes of both kinds.
struct Wakes<'a> {
    bench: &'a Bench<'a>,
    cold: RefCell<Meter>,
    warm: RefCell<Meter>,
    stop: RefCell<Meter>,
}

impl Wakes<'_> {
    /// Wakes tenants at once, as many as may be, and stops them again.
    async fn at_once(&mut self, ids: &[String]) -> Result<()> {
        let Load { lines, .. } = self.bench.load;
        let (watch, kinds) = (Stopwatch::start(), RefCell::new([false; 2]));
        stream::iter(ids).map(|id| self.wake(id, &kinds)).buffer_unordered(lines).try_collect::<Vec<()>>().await?;
        let took = watch.elapsed();
        let [cold, warm] = kinds.into_inner();
        for (meter, seen) in [(&mut self.cold, cold), (&mut self.warm, warm)] {
            meter.get_mut().busy += if seen { took } else { Duration::ZERO };
        }
        if !cold && !warm {
            tokio::time::sleep(REST).await;
        }
        let watch = Stopwatch::start();
        stream::iter(ids).map(|id| self.stop(id)).buffer_unordered(lines).collect::<Vec<()>>().await;
        self.stop.get_mut().busy += watch.elapsed();
        Ok(())
    }

    /// Wakes one; it says itself of which kind that was. One that failed counts as a cold one.
    async fn wake(&self, id: &str, kinds: &RefCell<[bool; 2]>) -> Result<()> {
        let watch = Stopwatch::start();
        let woken = self.bench.load.within("a wake", self.bench.client.tenant_wake(id)).await;
        let took = watch.elapsed();
        let wake = match &woken {
            Ok(woken) => match &woken.wake {
                Some(wake) => Some(wake),
                // It was awake: nothing was measured.
                None => return Ok(()),
            },
            Err(_) => None,
        };
        let is_warm = wake.is_some_and(|wake| wake.kind == "warm");
        kinds.borrow_mut()[usize::from(is_warm)] |= wake.is_some();
        let mut meter = if is_warm { self.warm.borrow_mut() } else { self.cold.borrow_mut() };
        meter.note(took, &woken);
        wake.map_or(Ok(()), |wake| meter.phases(&wake.phases))
    }

    async fn stop(&self, id: &str) {
        let watch = Stopwatch::start();
        let stopped = self.bench.load.within("a stop", self.bench.client.tenant_stop(id, &StopTenant::default())).await;
        self.stop.borrow_mut().note(watch.elapsed(), &stopped);
    }

    fn measured(self) -> Vec<Meter> {
        let all = [self.cold, self.warm, self.stop].map(RefCell::into_inner);
        all.into_iter().filter(|meter| !meter.is_empty()).collect()
    }
}
