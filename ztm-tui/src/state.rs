//! What is shown: plain data, and what can be told from it.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    event::{Order, Role},
    order,
    preferences::{Column, Preferences},
    theme::{Symbols, Theme},
};
use libtenancy::{
    api::{
        UpdateView,
        feed::{Begin, Change, EventLine, Numbers, Piece, QueueLine, SpendNow, TenantLine},
        jobs::JobView,
        nodes::NodeList,
        spend::LedgerRow,
        why::Why,
    },
    clock::Timestamp,
};

/// Events and wakes that are kept.
const EVENTS: usize = 2_000;

/// Events that are told again after a new beginning, at most.
const KNOWN: usize = 600;

/// Lines of a log that are kept.
const LOG: usize = 10_000;

/// How old what is shown may be before it is called stale, in seconds.
pub const STALE: u64 = 3;

/// A pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// Everything in numbers.
    #[default]
    Overview,
    /// All tenants.
    Tenants,
    /// The queue of jobs.
    Queue,
    /// The machines.
    Nodes,
    /// What happened.
    Events,
}

impl Pane {
    /// Every pane, in order.
    pub const ALL: [Self; 5] = [Self::Overview, Self::Tenants, Self::Queue, Self::Nodes, Self::Events];

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Tenants => "Tenants",
            Self::Queue => "Queue",
            Self::Nodes => "Nodes",
            Self::Events => "Events",
        }
    }
}

/// What the screen is begun with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The context's name.
    pub context: String,
    /// The namespace, where there is one.
    pub namespace: Option<String>,
    /// Whether nothing may be done.
    pub readonly: bool,
    /// The colours.
    pub theme: Theme,
    /// The signs that graphs are drawn with.
    pub symbols: Symbols,
    /// What was remembered.
    pub preferences: Preferences,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            context: "embedded".to_owned(),
            namespace: None,
            readonly: false,
            theme: Theme::dark(),
            symbols: Symbols::Block,
            preferences: Preferences::default(),
        }
    }
}

/// Whether the feed is heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Not yet.
    #[default]
    Connecting,
    /// It is.
    Live,
    /// No more, or not yet; why.
    Lost(String),
}

/// A list's cursor: on a row by its place, and by its name where it has one, which it follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The row.
    pub at: usize,
    /// The first row that is shown.
    pub offset: usize,
    /// The name of the row.
    pub name: Option<String>,
}

/// A question that an order is held up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modal {
    /// What would be done.
    pub order: Order,
    /// What must be typed for yes; a plain yes or no if `None`.
    pub must_type: Option<String>,
    /// What is typed.
    pub typed: String,
    /// Whether yes is chosen. It never is at first.
    pub yes: bool,
}

/// What is being typed, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What for.
    pub purpose: Purpose,
    /// What is there.
    pub text: String,
    /// What is wrong with it.
    pub wrong: Option<String>,
}

/// What something is typed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To filter what is listed.
    Filter,
    /// How many credits this tenant is granted.
    Grant(String),
    /// After how long without work this tenant's agent is stopped.
    IdleTimeout(String),
    /// Why this tenant is suspended.
    Suspend(String),
    /// How many agents are kept ready.
    Scale,
}

/// A part of an open tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// What it is, its last wake, and why.
    #[default]
    Summary,
    /// What happened to it.
    Events,
    /// Its updates.
    Inbox,
    /// Its jobs.
    Jobs,
    /// Its money.
    Ledger,
    /// What its agent says.
    Logs,
}

impl Section {
    /// Every part, in order.
    pub const ALL: [Self; 6] = [Self::Summary, Self::Events, Self::Inbox, Self::Jobs, Self::Ledger, Self::Logs];

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Events => "Events",
            Self::Inbox => "Inbox",
            Self::Jobs => "Jobs",
            Self::Ledger => "Ledger",
            Self::Logs => "Logs",
        }
    }
}

/// Something that was asked for.
#[derive(Clone, Debug, Default)]
pub enum Asked<T> {
    /// It has not come yet.
    #[default]
    Waiting,
    /// It came.
    Here(T),
    /// It did not.
    Failed(String),
}

/// A tenant that is open.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// Which.
    pub tenant: String,
    /// Which part of it is shown.
    pub section: Section,
    /// Why it is as it is.
    pub why: Asked<Why>,
    /// Its updates.
    pub inbox: Asked<Vec<UpdateView>>,
    /// Its lines of the ledger.
    pub ledger: Asked<Vec<LedgerRow>>,
    /// Its log.
    pub log: Log,
    /// The row of the part that is shown.
    pub cursor: Cursor,
}

impl Detail {
    /// Whether its log is shown.
    pub fn is_log(&self) -> bool {
        self.section == Section::Logs
    }
}

/// A log that is followed.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Its lines, oldest first.
    pub lines: VecDeque<String>,
    /// Lines that came while it was held.
    pub held: Vec<String>,
    /// Whether it is held.
    pub paused: bool,
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// Columns of long lines that are left of the screen, where they are not wrapped.
    pub left: usize,
    /// Only lines with this.
    pub filter: String,
    /// Lines up from the end.
    pub up: usize,
    /// Why it ended.
    pub ended: Option<String>,
}

impl Log {
    /// Takes lines; while it is held they wait.
    pub(crate) fn take(&mut self, lines: Vec<String>) {
        if self.paused {
            self.held.extend(lines);
            let surplus = self.held.len().saturating_sub(LOG);
            self.held.drain(..surplus);
            return;
        }
        self.lines.extend(lines);
        let surplus = self.lines.len().saturating_sub(LOG);
        self.lines.drain(..surplus);
    }

    /// The lines that are shown, oldest first.
    pub fn shown(&self) -> Vec<&str> {
        let lines = self.lines.iter().map(String::as_str);
        lines.filter(|line| self.filter.is_empty() || line.contains(&self.filter)).collect()
    }
}

/// A wake that was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wake {
    /// When.
    pub at: Timestamp,
    /// Whether an agent was ready.
    pub warm: bool,
    /// How long it took, milliseconds.
    pub total_ms: f64,
}

/// The result of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// Whether it went wrong.
    pub bad: bool,
    /// When it came, by the clock here.
    pub at: Timestamp,
}

/// Everything.
#[derive(Clone, Debug)]
pub struct State {
    /// What it was begun with.
    pub options: Options,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The time here.
    pub here: Timestamp,
    /// When something was heard last, by the clock here.
    pub heard: Option<Timestamp>,
    /// What the control plane's clock is ahead of the one here, microseconds.
    pub ahead: i64,
    /// Whether it is heard.
    pub link: Link,
    /// Who speaks.
    pub begin: Begin,
    /// Whether everything has been said once.
    pub ready: bool,
    /// What cannot be read there.
    pub trouble: Option<String>,
    /// All tenants.
    pub tenants: BTreeMap<String, TenantLine>,
    /// All tenants as far as they have been told anew, until they are whole.
    anew: Option<BTreeMap<String, TenantLine>>,
    /// The control plane in numbers.
    pub numbers: Numbers,
    /// The queue, by partition.
    pub queue: Vec<QueueLine>,
    /// Jobs that are not over, and dead ones.
    pub jobs: Vec<JobView>,
    /// The machines.
    pub nodes: Option<NodeList>,
    /// On which machine a tenant's agent is.
    pub node_of: BTreeMap<String, String>,
    /// What is spent.
    pub spend: Option<SpendNow>,
    /// What happened, oldest first.
    pub events: VecDeque<EventLine>,
    /// The wakes among it.
    pub wakes: VecDeque<Wake>,
    /// Which pane is shown.
    pub pane: Pane,
    /// What is listed, where that can be filtered.
    pub filter: String,
    /// The order of tenants and which columns are shown.
    pub preferences: Preferences,
    /// The tenants that are listed, in order.
    pub rows: Vec<String>,
    /// Whether `rows` must be made anew.
    pub rows_stale: bool,
    /// The cursors of the panes.
    pub cursors: [Cursor; 5],
    /// The tenant that is open.
    pub detail: Option<Detail>,
    /// The question that is asked.
    pub modal: Option<Modal>,
    /// What is being typed.
    pub input: Option<Input>,
    /// The column that is hidden or shown next, while columns are chosen.
    pub chooser: Option<usize>,
    /// Whether the keys are shown.
    pub help: bool,
    /// The results of orders, newest last.
    pub notices: VecDeque<Notice>,
}

impl State {
    /// Before anything was heard.
    pub fn new(options: Options, size: (u16, u16), here: Timestamp) -> Self {
        let preferences = options.preferences.clone();
        Self {
            options,
            size,
            here,
            heard: None,
            ahead: 0,
            link: Link::default(),
            begin: Begin::default(),
            ready: false,
            trouble: None,
            tenants: BTreeMap::new(),
            anew: None,
            numbers: Numbers::default(),
            queue: Vec::new(),
            jobs: Vec::new(),
            nodes: None,
            node_of: BTreeMap::new(),
            spend: None,
            events: VecDeque::new(),
            wakes: VecDeque::new(),
            pane: Pane::default(),
            filter: String::new(),
            preferences,
            rows: Vec::new(),
            rows_stale: true,
            cursors: Default::default(),
            detail: None,
            modal: None,
            input: None,
            chooser: None,
            help: false,
            notices: VecDeque::new(),
        }
    }

    /// The control plane's time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.here.as_micros() + self.ahead)
    }

    /// How old what is shown is, in seconds; `None` before anything was heard.
    pub fn age(&self) -> Option<u64> {
        self.heard.map(|heard| self.here.since(heard).as_secs())
    }

    /// Whether what is shown is not what is.
    pub fn is_stale(&self) -> bool {
        matches!(self.link, Link::Lost(_)) || self.age().is_some_and(|age| age >= STALE)
    }

    /// What whoever looks may do.
    pub fn role(&self) -> Role {
        match self.begin.role.as_deref() {
            _ if self.options.readonly || !self.begin.live => Role::Viewer,
            Some("admin") => Role::Admin,
            Some("operator") => Role::Operator,
            _ => Role::Viewer,
        }
    }

    /// The cursor of the pane that is shown.
    pub fn cursor(&self) -> &Cursor {
        &self.cursors[self.pane as usize]
    }

    /// The tenant that an order would be for.
    pub fn tenant_selected(&self) -> Option<&str> {
        if let Some(detail) = &self.detail {
            return Some(&detail.tenant);
        }
        match self.pane {
            Pane::Tenants => self.rows.get(self.cursor().at).map(String::as_str),
            Pane::Queue => self.jobs.get(self.cursor().at).map(|job| job.tenant_id.as_str()),
            Pane::Events => self.event_selected().and_then(|event| event.tenant.as_deref()),
            Pane::Overview | Pane::Nodes => None,
        }
    }

    /// The event that the cursor is on; the newest is first.
    pub fn event_selected(&self) -> Option<&EventLine> {
        self.events_shown().nth(self.cursor().at)
    }

    /// The events that are listed, newest first.
    pub fn events_shown(&self) -> impl Iterator<Item = &EventLine> {
        let filter = self.filter.as_str();
        self.events.iter().rev().filter(move |event| {
            filter.is_empty()
                || event.tenant.as_deref().is_some_and(|tenant| tenant.contains(filter))
                || event.what.contains(filter)
                || event.text.contains(filter)
        })
    }

    /// The dead job or update that the cursor is on.
    pub fn dead_selected(&self) -> Option<Order> {
        let dead_job = |job: &JobView| (job.status == "dead").then(|| Order::Retry(job.job_id.clone()));
        if let Some(detail) = &self.detail {
            return match (detail.section, &detail.inbox) {
                (Section::Inbox, Asked::Here(updates)) => {
                    let update = updates.get(detail.cursor.at).filter(|update| update.stage == "dead")?;
                    Some(Order::Replay(format!("{}/{}/{}", update.tenant_id, update.bot_id, update.update_id)))
                }
                (Section::Jobs, _) => self.jobs_of(&detail.tenant).nth(detail.cursor.at).and_then(dead_job),
                _ => None,
            };
        }
        if self.pane == Pane::Queue { self.jobs.get(self.cursor().at).and_then(dead_job) } else { None }
    }

    /// The jobs of a tenant that are listed.
    pub fn jobs_of(&self, tenant: &str) -> impl Iterator<Item = &JobView> {
        self.jobs.iter().filter(move |job| job.tenant_id == tenant)
    }

    /// When the shown status began, as far as that is known: of a suspension, if it is among the events.
    pub(crate) fn status_since(&self, line: &TenantLine) -> Option<Timestamp> {
        if line.suspended.is_none() {
            return Some(line.since);
        }
        let of = |event: &&EventLine| {
            event.tenant.as_deref() == Some(line.id.as_str()) && ["suspended", "resumed"].contains(&event.what.as_str())
        };
        self.events.iter().rev().find(of).filter(|event| event.what == "suspended").map(|event| event.at)
    }

    /// How many jobs of a tenant run or are queued, and whether there may be more: a queue names the first hundred that wait.
    pub(crate) fn job_count(&self, line: &TenantLine) -> (u64, bool) {
        let account = line.account.as_ref();
        let running = account.map_or(0, |account| u64::from(account.running));
        let ready = self.queue.iter().flat_map(|queue| &queue.ready).filter(|ready| ready.tenant == line.id);
        let held = self.queue.iter().flat_map(|queue| &queue.held_back).filter(|held| held.tenant == line.id);
        let waiting: u64 = ready.map(|ready| ready.waiting).chain(held.map(|held| held.waiting)).sum();
        (running + waiting, waiting == 0 && account.is_some_and(|account| account.standing != "idle"))
    }

    /// How many rows the pane lists.
    pub fn row_count(&self) -> usize {
        match self.pane {
            Pane::Overview => 0,
            Pane::Tenants => self.rows.len(),
            Pane::Queue => self.jobs.len(),
            Pane::Nodes => self.nodes.as_ref().map_or(0, |nodes| nodes.nodes.len() + nodes.claims.len()),
            Pane::Events => self.events_shown().count(),
        }
    }

    /// Makes the list of tenants anew if it must be; the cursor stays on its tenant, or where it was.
    pub fn rows_refresh(&mut self) {
        if !std::mem::take(&mut self.rows_stale) {
            return;
        }
        self.rows = order::rows(&self.tenants, &self.node_of, &self.preferences, &self.filter);
        let cursor = &mut self.cursors[Pane::Tenants as usize];
        if let Some(at) = cursor.name.as_ref().and_then(|name| self.rows.iter().position(|row| row == name)) {
            cursor.at = at;
        }
        cursor.at = cursor.at.min(self.rows.len().saturating_sub(1));
        cursor.name = self.rows.get(cursor.at).cloned();
    }

    /// Takes over what the feed said.
    pub(crate) fn take(&mut self, piece: Piece) {
        self.heard = Some(self.here);
        self.ahead = piece.at.as_micros() - self.here.as_micros();
        match piece.change {
            Change::Begin(begin) => {
                // What was there stays on the screen until the new is whole.
                self.anew = (!self.tenants.is_empty()).then(BTreeMap::new);
                self.begin = begin;
                self.ready = false;
                self.trouble = None;
            }
            Change::Tenants(lines) => {
                if let Some(anew) = &mut self.anew {
                    anew.extend(lines.into_iter().map(|line| (line.id.clone(), line)));
                    return;
                }
                for line in lines {
                    let order = self.preferences.sort;
                    let moved = self.tenants.get(&line.id).is_none_or(|old| order::moves(order, old, &line));
                    self.rows_stale |= moved || !self.filter.is_empty();
                    self.tenants.insert(line.id.clone(), line);
                }
            }
            Change::Gone(ids) => {
                for id in ids {
                    self.anew.as_mut().unwrap_or(&mut self.tenants).remove(&id);
                }
                self.rows_stale = true;
            }
            Change::Numbers(numbers) => self.numbers = numbers,
            Change::Queue(queue) => self.queue = queue,
            Change::Jobs(jobs) => self.jobs = jobs,
            Change::Nodes(nodes) => {
                let places = nodes.nodes.iter().flat_map(|view| {
                    let on = |tenant: &libtenancy::tenant::TenantId| (tenant.to_string(), view.node.name.clone());
                    view.node.tenants.iter().map(on)
                });
                self.node_of = places.collect();
                self.rows_stale |= self.preferences.sort == Column::Node;
                self.nodes = Some(nodes);
            }
            Change::Spend(spend) => self.spend = Some(spend),
            Change::Events(events) => {
                for event in events {
                    // After a new beginning what is known is told again.
                    if self.events.iter().rev().take(KNOWN).any(|known| *known == event) {
                        continue;
                    }
                    if let Some(wake) = &event.wake {
                        let (warm, total_ms) = (wake.kind == "warm", wake.phases.total_ms);
                        self.wakes.push_back(Wake { at: event.at, warm, total_ms });
                    }
                    self.events.push_back(event);
                }
                let surplus = self.events.len().saturating_sub(EVENTS);
                self.events.drain(..surplus);
                let surplus = self.wakes.len().saturating_sub(EVENTS);
                self.wakes.drain(..surplus);
            }
            Change::Ready => {
                self.ready = true;
                if let Some(anew) = self.anew.take() {
                    self.tenants = anew;
                    self.rows_stale = true;
                }
            }
            Change::Trouble(trouble) => self.trouble = Some(trouble),
            Change::Beat => self.trouble = None,
        }
    }
}
