//! What is told of a tenant, in one stream: by the control planes, which keep it ([`ports::journals`]), and by its agent,
//! whose log is its own.
//!
//! Owns how the two are joined. Does not own who tells (`services::journal` takes it from what is logged) nor who keeps it.
//!
//! # Design notes
//! - The lines of a message, an order or a job carry one id (`request_id`) wherever they are told, so that one can be followed
//!   from the router through the wake into the agent. Of a message it is made of its own two numbers and needs no place.
//! - Nothing rests on a journal. It is written behind the work, in batches; what a store does not take is gone.
//! - Only of tenants that there are is anything kept: orders on a name that nobody has, and messages to it, would fill journals
//!   that nobody can have made. Of one that is deleted the last lines come when its record is gone; they are kept with the
//!   others, unless its state was purged: then its lines go with it, those that are written later too.
//! - Whoever follows stays on over stops, wakes and the deaths of agents: a log that ended, or is not there yet, is opened again
//!   when something is told of the tenant, and what was read of it before is not told again.
//!
//! [`ports::journals`]: crate::ports::journals

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{
    api::journal::{JournalLine, Level, Source},
    clock::{Stopwatch, Timestamp},
    error::Result,
    inbox::UpdateKey,
    ports::journals::Cursor,
    tenancy::Tenancy,
    tenant::TenantId,
};

/// How long lines gather before they are written.
const GATHER: Duration = Duration::from_millis(50);

/// Lines that are written at once.
const BATCH: usize = 1_024;

/// The longest wait for the next line of a journal.
const WAIT: Duration = Duration::from_secs(30);

/// How long a line is held back for one that was told before it and comes after it: what a control plane tells is written
/// down first, what an agent tells is not.
const HELD: Duration = Duration::from_millis(200);

/// Between two attempts to read a journal that cannot be read.
const AGAIN: Duration = Duration::from_secs(1);

/// How long a log that is followed says nothing before what it had said is taken for all of it.
const QUIET: Duration = Duration::from_millis(150);

/// How long the reading of what a log has said may take.
const PAST: Duration = Duration::from_secs(5);

/// Lines of a log that was opened again, and of those that were told before.
const AGAIN_LINES: usize = 1_000;

/// The longest line, in bytes; a longer one is cut in pieces.
const LONGEST: usize = 16 << 10;

/// Lines that a journal is asked for at most.
pub const MAX_TAIL: usize = 10_000;

/// How long a tenant that there was is taken for one that there is.
const LOOK: Duration = Duration::from_secs(10);

/// Tenants of which it is remembered that they are.
const REMEMBERED: usize = 10_000;

/// Tenants that are looked for at once.
const AT_ONCE: usize = 16;

/// Tenants of which lines are kept, and when they were last looked for. Held while lines are written: what is purged under it
/// stays so.
#[derive(Default)]
pub(crate) struct Kept(tokio::sync::Mutex<HashMap<TenantId, Timestamp>>);

/// What of a journal is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// At most so many of the lines there are.
    pub tail: usize,
    /// Of them, those told then or later.
    pub since: Option<Timestamp>,
    /// And those that come.
    pub follow: bool,
}

impl UpdateKey {
    /// The id of whatever is done for this update, everywhere: `BOT-UPDATE`.
    pub fn request_id(&self) -> String {
        format!("{}-{}", self.bot, self.update_id)
    }
}

/// A line of an agent's log. What begins with a time of RFC 3339 was told then; `agentd`'s own lines are known by their
/// target, and what they are of by `request=…`.
fn agent_line(line: &str, otherwise: Timestamp) -> (JournalLine, bool) {
    let bare = without_controls(line);
    let (at, rest) = match bare.split_once(' ') {
        Some((first, rest)) => (first.parse::<Timestamp>().ok(), rest.trim_start()),
        None => (None, bare.as_str()),
    };
    let timed = at.is_some();
    let rest = if timed { rest } else { bare.as_str() };
    let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    let level = match word {
        "TRACE" | "DEBUG" => Some(Level::Debug),
        "INFO" => Some(Level::Info),
        "WARN" => Some(Level::Warn),
        "ERROR" => Some(Level::Error),
        _ => None,
    };
    let text = if level.is_some() { behind.trim_start() } else { rest };
    let own = text.strip_prefix("services::agentd").and_then(|text| text.split_once(": "));
    let (source, text) = own.map_or((Source::Agent, text), |(_, text)| (Source::Agentd, text));
    let (text, request_id) = match text.rsplit_once(" request=").filter(|_| source == Source::Agentd) {
        Some((text, id)) => (text, Some(id.to_owned())),
        None => (text, None),
    };
    let at = at.unwrap_or(otherwise);
    (JournalLine { at, source, level, request_id, instance: None, text: text.to_owned() }, timed)
}

/// A text of many lines on one: the first, and the last, which of a log that is quoted says most.
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next_back(), lines.next()) {
        (Some(first), Some(last), None) => format!("{first} {last}").into(),
        (Some(first), Some(last), Some(_)) => format!("{first} [...] {last}").into(),
        _ => text.trim_end().into(),
    }
}

/// A line without what would colour a terminal (ECMA-48 control sequences).
fn without_controls(line: &str) -> String {
    let mut bare = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' if characters.next() == Some('[') => {
                while characters.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\u{1b}' => {}
            _ => bare.push(character),
        }
    }
    bare
}

/// A log, line by line.
struct Lines {
    blocks: BoxStream<'static, std::io::Result<Bytes>>,
    rest: Vec<u8>,
    ended: bool,
}

impl Lines {
    /// The next line; `None` at the end. Cancelling a wait loses nothing.
    async fn next(&mut self) -> Option<String> {
        loop {
            let end = self.rest.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
            let end = end.or((self.rest.len() > LONGEST).then_some(LONGEST));
            let end = end.or((self.ended && !self.rest.is_empty()).then_some(self.rest.len()));
            if let Some(end) = end {
                let line: Vec<u8> = self.rest.drain(..end).collect();
                return Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned());
            }
            if self.ended {
                return None;
            }
            match self.blocks.next().await {
                Some(Ok(block)) => self.rest.extend_from_slice(&block),
                Some(Err(_)) | None => self.ended = true,
            }
        }
    }
}

/// Lines as they come, each held back for [`HELD`], in order of time as far as that brings them into it.
struct InOrder {
    lines: BoxStream<'static, JournalLine>,
    ended: bool,
    held: VecDeque<(Stopwatch, JournalLine)>,
    due: VecDeque<JournalLine>,
}

impl InOrder {
    fn of(lines: BoxStream<'static, JournalLine>) -> BoxStream<'static, JournalLine> {
        let begin = Self { lines, ended: false, held: VecDeque::new(), due: VecDeque::new() };
        stream::unfold(begin, async |mut lines| Some((lines.next().await?, lines))).boxed()
    }

    async fn next(&mut self) -> Option<JournalLine> {
        loop {
            if let Some(line) = self.due.pop_front() {
                return Some(line);
            }
            let left = self.held.front().map(|(came, _)| HELD.saturating_sub(came.elapsed()));
            let came = match left {
                None if self.ended => return None,
                None => Ok(self.lines.next().await),
                Some(left) if !self.ended && !left.is_zero() => tokio::time::timeout(left, self.lines.next()).await,
                Some(_) => {
                    self.release();
                    continue;
                }
            };
            match came {
                Ok(Some(line)) => self.held.push_back((Stopwatch::start(), line)),
                Ok(None) => self.ended = true,
                Err(_) => self.release(),
            }
        }
    }

    /// Lets go of the line that came first, and before it of all that were told before it.
    fn release(&mut self) {
        let Some(first) = self.held.front().map(|(_, line)| line.at) else { return };
        let (due, held) = self.held.drain(..).partition::<Vec<_>, _>(|(_, line)| line.at <= first);
        self.held = held.into();
        self.due.extend(due.into_iter().map(|(_, line)| line));
        self.due.make_contiguous().sort_by_key(|line| line.at);
    }
}

/// The log of a tenant's agents, one after the other.
struct AgentLog {
    tenancy: Tenancy,
    tenant: TenantId,
    lines: Option<Lines>,
    /// What was told last: a log that is opened again begins with some of it.
    told: VecDeque<String>,
    /// Lines that may have been told before come until one comes that was not.
    again: bool,
    /// The time of the last line that had one.
    last: Option<Timestamp>,
    /// Rung when something is told of the tenant.
    stirred: Arc<Notify>,
}

impl AgentLog {
    async fn open(&mut self, tail: usize, follow: bool) {
        let log = self.tenancy.drivers().workloads.workload_logs(&self.tenant, tail, follow).await;
        self.lines = log.ok().map(|blocks| Lines { blocks, rest: Vec::new(), ended: false });
    }

    fn line(&mut self, text: String) -> Option<JournalLine> {
        if std::mem::take(&mut self.again) && self.told.contains(&text) {
            self.again = true;
            return None;
        }
        let (line, timed) = agent_line(&text, self.last.unwrap_or_else(|| self.tenancy.now()));
        if timed {
            self.last = Some(line.at);
        }
        self.told.push_back(text);
        let surplus = self.told.len().saturating_sub(AGAIN_LINES);
        self.told.drain(..surplus);
        Some(line)
    }

    /// What it has said already. Of what was said since some time, only lines with a time are known.
    async fn past(&mut self, since: Option<Timestamp>, tail: usize, follow: bool) -> Vec<JournalLine> {
        let (watch, quiet) = (Stopwatch::start(), if follow { QUIET } else { PAST });
        let mut past = Vec::new();
        for _ in 0..tail {
            let Some(lines) = self.lines.as_mut().filter(|_| watch.elapsed() < PAST) else { break };
            let Ok(Some(text)) = tokio::time::timeout(quiet, lines.next()).await else { break };
            past.extend(
                self.line(text).filter(|line| since.is_none_or(|since| self.last.is_some() && line.at >= since)),
            );
        }
        // What it says from now on is said now, where it does not say when.
        self.last = None;
        past
    }

    /// The next line of whichever agent there is.
    async fn next(&mut self) -> JournalLine {
        loop {
            let Some(lines) = &mut self.lines else {
                let _ = tokio::time::timeout(WAIT, self.stirred.notified()).await;
                self.again = true;
                self.open(AGAIN_LINES, true).await;
                continue;
            };
            match lines.next().await {
                Some(text) => {
                    self.last = None;
                    if let Some(line) = self.line(text) {
                        return line;
                    }
                }
                None => self.lines = None,
            }
        }
    }
}

impl Tenancy {
    /// Writes down what is told until `end`, and then what was told before it.
    pub async fn journal_keep(&self, mut told: mpsc::Receiver<(TenantId, JournalLine)>, end: CancellationToken) {
        let (mut lines, mut failed) = (Vec::new(), false);
        loop {
            tokio::select! {
                biased;
                count = told.recv_many(&mut lines, BATCH) => if count == 0 { return },
                () = end.cancelled(), if !told.is_closed() => {
                    told.close();
                    continue;
                }
            }
            // What is done now has more to tell in a moment.
            let _ = tokio::time::timeout(GATHER, end.cancelled()).await;
            while lines.len() < BATCH
                && let Ok(line) = told.try_recv()
            {
                lines.push(line);
            }
            let written = self.journal_write(&mut lines).await;
            match &written {
                Ok(()) if failed => tracing::info!("what is told of tenants is written down again"),
                Err(error) if !failed => {
                    tracing::warn!(error = error.chain(), "what is told of tenants is not written down");
                }
                _ => {}
            }
            failed = written.is_err();
            lines.clear();
        }
    }

    /// Writes lines, of tenants that there are.
    async fn journal_write(&self, lines: &mut Vec<(TenantId, JournalLine)>) -> Result<()> {
        let (now, mut kept) = (self.now(), self.inner.journal_kept.0.lock().await);
        if kept.len() > REMEMBERED {
            kept.retain(|_, looked| now.since(*looked) < LOOK);
        }
        let fresh = |id: &TenantId| kept.get(id).is_some_and(|looked| now.since(*looked) < LOOK);
        let doubtful: BTreeSet<TenantId> =
            lines.iter().filter(|(id, _)| !fresh(id)).map(|(id, _)| id.clone()).collect();
        let looked = stream::iter(doubtful).map(async |id| (self.drivers().tenants.tenant_get(&id).await, id));
        let mut nobodys = BTreeSet::new();
        for (found, id) in looked.buffered(AT_ONCE).collect::<Vec<_>>().await {
            match found {
                Ok(Some(_)) => drop(kept.insert(id, now)),
                // One that was until now has some last lines; of another there are none.
                Ok(None) if kept.remove(&id).is_none() => drop(nobodys.insert(id)),
                Ok(None) | Err(_) => {}
            }
        }
        lines.retain(|(id, _)| !nobodys.contains(id));
        if lines.is_empty() {
            return Ok(());
        }
        self.drivers().journals.journal_append(lines).await
    }

    /// Takes the lines of a tenant away whose record is gone, and lets none be written behind it.
    pub(crate) async fn journal_purge(&self, id: &TenantId) -> Result<()> {
        let mut kept = self.inner.journal_kept.0.lock().await;
        kept.remove(id);
        self.drivers().journals.journal_purge(id).await
    }

    /// What was told of a tenant and by its agent, in order of time; then, if it is followed, what is told as it comes, until
    /// this control plane ends. Of one that is gone, what is kept; `NotFound` where nothing is. Store errors.
    pub async fn tenant_journal(&self, id: &TenantId, ask: Ask) -> Result<BoxStream<'static, JournalLine>> {
        let since = ask.since.unwrap_or_default();
        let told = self.drivers().journals.journal_read(id, since, ask.tail).await?;
        if told.lines.is_empty() {
            self.tenant_get(id).await?;
        }
        let stirred = Arc::new(Notify::new());
        let mut log = AgentLog {
            tenancy: self.clone(),
            tenant: id.clone(),
            lines: None,
            told: VecDeque::new(),
            again: false,
            last: None,
            stirred: Arc::clone(&stirred),
        };
        log.open(ask.tail, ask.follow).await;
        let mut lines = told.lines;
        lines.extend(log.past(ask.since, ask.tail, ask.follow).await);
        lines.sort_by_key(|line| line.at);
        lines.drain(..lines.len().saturating_sub(ask.tail));
        let past = stream::iter(lines);
        if !ask.follow {
            return Ok(past.boxed());
        }
        let journal = self.journal_follow(id, told.end, stirred);
        let agent = stream::unfold(log, async |mut log| Some((log.next().await, log)));
        let ends = self.inner.shutdown.clone().cancelled_owned();
        Ok(InOrder::of(past.chain(stream::select(journal, agent).take_until(ends)).boxed()))
    }

    /// What is told from `after` on.
    fn journal_follow(&self, id: &TenantId, after: Cursor, stirred: Arc<Notify>) -> BoxStream<'static, JournalLine> {
        let begin = (self.clone(), id.clone(), after, stirred);
        let reads = stream::unfold(begin, async |(tenancy, id, after, stirred)| {
            loop {
                match tenancy.drivers().journals.journal_next(&id, &after, WAIT).await {
                    Ok(read) if read.lines.is_empty() => {}
                    Ok(read) => {
                        stirred.notify_one();
                        return Some((stream::iter(read.lines), (tenancy, id, read.end, stirred)));
                    }
                    Err(_) => tokio::time::sleep(AGAIN).await,
                }
            }
        });
        reads.flatten().boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (JournalLine, bool) {
        agent_line(line, Timestamp::from_micros(7))
    }

    #[test]
    fn an_agents_line_is_told_when_it_says() {
        let (line, timed) =
            read("\u{1b}[2m2026-11-30T01:02:03.000004Z\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m zeroclaw::gateway: up");
        assert!(timed);
        assert_eq!(line.at, "2026-11-30T01:02:03.000004Z".parse().unwrap());
        assert_eq!(
            (line.source, line.level, line.text.as_str()),
            (Source::Agent, Some(Level::Info), "zeroclaw::gateway: up")
        );
        for plain in ["no time", "ERRORS happen", "", "2026-11-30", "request=7 services::agentd: x"] {
            let (line, timed) = read(plain);
            assert_eq!((line.at.as_micros(), timed, line.text.as_str()), (7, false, plain));
            assert_eq!((line.source, line.level, line.request_id), (Source::Agent, None, None));
        }
        assert_eq!(read("WARN it rains").0.level, Some(Level::Warn));
        assert_eq!(read("a\u{1b}[31mb\u{1b}]c\u{1b}").0.text, "abc");
    }

    #[test]
    fn of_many_lines_the_first_and_the_last_are_told() {
        for (text, line) in [
            (
                "it exited with status 1; its log ends:\nstarting\n  at x\n\nout of memory\n",
                "it exited with status 1; its log ends: [...] out of memory",
            ),
            ("it exited; its log ends:\nout of memory\n", "it exited; its log ends: out of memory"),
            ("one line", "one line"),
            ("", ""),
        ] {
            assert_eq!(on_one_line(text), line);
        }
    }

    #[test]
    fn what_agentd_tells_is_known_with_what_it_is_of() {
        let (line, _) = read("2026-11-30T01:02:03Z DEBUG services::agentd::serve: a turn is over ms=12 request=123-45");
        assert_eq!((line.source, line.level), (Source::Agentd, Some(Level::Debug)));
        assert_eq!((line.request_id.as_deref(), line.text.as_str()), (Some("123-45"), "a turn is over ms=12"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_was_told_before_another_and_comes_a_little_after_it_is_shown_before_it() {
        let line = |at: i64| JournalLine {
            at: Timestamp::from_micros(at),
            source: Source::Agentd,
            level: None,
            request_id: None,
            instance: None,
            text: String::new(),
        };
        let (say, said) = mpsc::channel(8);
        let said = stream::unfold(said, async |mut said| Some((said.recv().await?, said))).boxed();
        let mut lines = InOrder::of(said);
        for at in [1, 4, 2] {
            say.send(line(at)).await.unwrap();
        }
        assert_eq!(lines.next().await.unwrap().at.as_micros(), 1);
        for at in [2, 4] {
            assert_eq!(lines.next().await.unwrap().at.as_micros(), at);
        }
        // One that nothing follows comes by itself, and what is held at the end comes.
        say.send(line(5)).await.unwrap();
        assert_eq!(lines.next().await.unwrap().at.as_micros(), 5);
        say.send(line(7)).await.unwrap();
        say.send(line(6)).await.unwrap();
        drop(say);
        let rest: Vec<i64> = lines.map(|line| line.at.as_micros()).collect().await;
        assert_eq!(rest, [6, 7]);
    }

    #[tokio::test]
    async fn a_log_is_cut_into_lines_however_it_comes() {
        let blocks = ["one\ntw", "o\r\n", "\nthree"].map(|block| Ok(Bytes::from_static(block.as_bytes())));
        let long = Bytes::from(vec![b'x'; LONGEST + 2]);
        let blocks = stream::iter(blocks.into_iter().chain([Ok(Bytes::from_static(b"\n")), Ok(long)])).boxed();
        let mut lines = Lines { blocks, rest: Vec::new(), ended: false };
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line);
        }
        assert_eq!(all[..4], ["one", "two", "", "three"]);
        assert_eq!(all[4..].iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 2]);
    }
}
