//! The only I/O: the terminal, the feed, and whatever is asked for. Everything that happens comes through one channel.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use crossterm::{
    cursor::Show,
    event::{DisableMouseCapture, EnableMouseCapture, Event as Input, EventStream, KeyEventKind},
};
use futures::{StreamExt, stream::BoxStream};
use libtenancy::{
    Error, Result,
    api::feed::Piece,
    clock::{Clock, SystemClock},
};
use ratatui::DefaultTerminal;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};

use crate::{
    event::{Action, Answer, Ask, Event, Order},
    preferences::Preferences,
    record::Recorder,
    state::{Options, State},
    update::update,
    view,
};

/// What waits to be looked at.
const WAITING: usize = 256;

/// The shortest time between two frames of which nothing but the feed is the cause, and of which a key is.
const FRAME: Duration = Duration::from_millis(200);
const QUICK: Duration = Duration::from_millis(16);

/// How often the clock is looked at: countdowns are in seconds.
const TICK: Duration = Duration::from_secs(1);

/// Between two attempts to be told: at first, and at most.
const AGAIN: Duration = Duration::from_millis(500);
const AGAIN_MAX: Duration = Duration::from_secs(5);

/// Pieces that are taken over together.
const TOGETHER: usize = 64;

/// How long nothing may be heard before the feed is taken for dead.
const SILENCE: Duration = Duration::from_secs(10);

/// The exit status of a Rust program that panicked.
const PANICKED: i32 = 101;

/// A control plane, as far as the screen needs one.
#[async_trait]
pub trait Plane: Send + Sync + 'static {
    /// The feed from its beginning. It ends, or fails, when it is not heard any more.
    async fn feed(&self) -> Result<BoxStream<'static, Result<Piece>>>;

    /// Has an order carried out; what became of it.
    async fn perform(&self, order: &Order) -> Result<String>;

    /// Answers a question.
    async fn tell(&self, ask: &Ask) -> Result<Answer>;

    /// The log of a tenant's agent: its last lines, then what is added.
    async fn log(&self, tenant: &str) -> Result<BoxStream<'static, std::io::Result<Bytes>>>;
}

/// How the screen is run.
pub struct Run {
    /// What it begins with.
    pub options: Options,
    /// Whether the mouse is heeded: then the terminal does not select text.
    pub mouse: bool,
    /// Where what it is told is written, too.
    pub recorder: Option<Recorder>,
    /// Where preferences are kept.
    pub preferences: Option<PathBuf>,
}

/// Whatever was drawn, the terminal is as it was before; also after a panic.
struct Screen {
    terminal: DefaultTerminal,
    mouse: bool,
}

impl Screen {
    fn open(mouse: bool) -> Result<Self> {
        let terminal = ratatui::try_init().map_err(Error::io("open", "the terminal"))?;
        if mouse {
            let _ = crossterm::execute!(std::io::stdout(), EnableMouseCapture);
        }
        end_with_panics(mouse);
        Ok(Self { terminal, mouse })
    }
}

/// Whichever thread panics, everything ends: a screen whose feed is dead would stand still, on a terminal that
/// `ratatui::try_init`'s hook has taken from it.
fn end_with_panics(mouse: bool) {
    let restore_and_tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if mouse {
            let _ = crossterm::execute!(std::io::stdout(), DisableMouseCapture);
        }
        // The terminal's own end, which would show it, is not reached.
        let _ = crossterm::execute!(std::io::stdout(), Show);
        restore_and_tell(panic);
        std::process::exit(PANICKED);
    }));
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.mouse {
            let _ = crossterm::execute!(std::io::stdout(), DisableMouseCapture);
        }
        ratatui::restore();
    }
}

/// Shows the screen until whoever looks has seen enough, or a signal ends it.
pub async fn run(plane: Arc<dyn Plane>, run: Run) -> Result<()> {
    let clock = SystemClock::default();
    let mut ends = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()]
        .map(signal)
        .into_iter()
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(Error::io("listen for", "signals"))?;
    let mut screen = Screen::open(run.mouse)?;
    let size = screen.terminal.size().map_err(Error::io("measure", "the terminal"))?;
    let mut state = State::new(run.options, (size.width, size.height), clock.now());
    let (sender, mut events) = mpsc::channel(WAITING);
    let feed = Task(tokio::spawn(listen(Arc::clone(&plane), run.recorder, sender.clone())));
    let mut worker = Worker { plane, events: sender, log: None, tasks: JoinSet::new(), preferences: run.preferences };
    let mut inputs = EventStream::new();
    let mut tick = tokio::time::interval(TICK);
    let mut drawn = tokio::time::Instant::now();
    let mut due = Some(drawn);
    let outcome = 'screen: loop {
        let heard = tokio::select! {
            biased;
            _ = futures::future::select_all(ends.iter_mut().map(|end| Box::pin(end.recv()))) => break 'screen Ok(()),
            () = tokio::time::sleep_until(due.unwrap_or(drawn)), if due.is_some() => {
                if let Err(error) = screen.terminal.draw(|frame| view::draw(&state, frame)) {
                    break 'screen Err(Error::io("draw on", "the terminal")(error));
                }
                (drawn, due) = (tokio::time::Instant::now(), None);
                continue;
            }
            input = inputs.next() => match input {
                Some(Ok(input)) => (of_input(input), QUICK),
                // The terminal is gone.
                Some(Err(_)) | None => break 'screen Ok(()),
            },
            Some(event) = events.recv() => (Some(event), FRAME),
            _ = tick.tick() => (Some(Event::Tick(clock.now())), FRAME),
        };
        let (Some(event), pause) = heard else { continue };
        if matches!(event, Event::Key(_) | Event::Pieces(_)) {
            update(&mut state, Event::Tick(clock.now()));
        }
        for action in update(&mut state, event) {
            if action == Action::Quit {
                break 'screen Ok(());
            }
            worker.act(action);
        }
        let at = drawn + pause;
        due = Some(due.map_or(at, |due| due.min(at)));
    };
    drop(feed);
    outcome
}

fn of_input(input: Input) -> Option<Event> {
    match input {
        Input::Key(key) if key.kind != KeyEventKind::Release => Some(Event::Key(key)),
        Input::Mouse(mouse) => Some(Event::Mouse(mouse)),
        Input::Resize(columns, rows) => Some(Event::Resize(columns, rows)),
        _ => None,
    }
}

/// A task that ends with whoever holds it.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens to the feed, again and again.
async fn listen(plane: Arc<dyn Plane>, mut recorder: Option<Recorder>, events: mpsc::Sender<Event>) {
    let mut pause = AGAIN;
    loop {
        let why = match plane.feed().await {
            Err(error) => error.chain(),
            Ok(feed) => {
                let mut feed = feed.ready_chunks(TOGETHER);
                loop {
                    let Ok(next) = tokio::time::timeout(SILENCE, feed.next()).await else {
                        break format!("nothing was heard for {} s", SILENCE.as_secs());
                    };
                    let Some(chunk) = next else { break "the control plane ended the feed".to_owned() };
                    let (mut pieces, mut failed) = (Vec::new(), None);
                    for piece in chunk {
                        match piece {
                            Ok(piece) => pieces.push(piece),
                            Err(error) => failed = Some(error.chain()),
                        }
                    }
                    if let Some(Err(error)) = recorder.as_mut().map(|recorder| recorder.add(&pieces)) {
                        recorder = None;
                        failed = failed.or(Some(format!("no more is recorded: {}", error.chain())));
                    }
                    if !pieces.is_empty() {
                        pause = AGAIN;
                        if events.send(Event::Pieces(pieces)).await.is_err() {
                            return;
                        }
                    }
                    if let Some(why) = failed {
                        break why;
                    }
                }
            }
        };
        if events.send(Event::Lost(why)).await.is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(AGAIN_MAX);
    }
}

/// Carries out actions; what comes of them is an event.
struct Worker {
    plane: Arc<dyn Plane>,
    events: mpsc::Sender<Event>,
    log: Option<Task>,
    /// What is under way; it ends with the screen.
    tasks: JoinSet<()>,
    preferences: Option<PathBuf>,
}

impl Worker {
    fn act(&mut self, action: Action) {
        // Those that have ended.
        while self.tasks.try_join_next().is_some() {}
        let (plane, events) = (Arc::clone(&self.plane), self.events.clone());
        match action {
            Action::Quit => {}
            Action::Perform(order) => drop(self.tasks.spawn(async move {
                let done = plane.perform(&order).await.map_err(|error| error.chain());
                let _ = events.send(Event::Done(order, done)).await;
            })),
            Action::Fetch(ask) => drop(self.tasks.spawn(async move {
                let told = plane.tell(&ask).await.map_err(|error| error.chain());
                let _ = events.send(Event::Told(ask, told)).await;
            })),
            Action::LogClose => self.log = None,
            Action::LogOpen(tenant) => {
                self.log = Some(Task(tokio::spawn(async move {
                    let ended = follow(&*plane, &tenant, &events).await.err().map(|error| error.chain());
                    let _ = events.send(Event::LogEnded(ended)).await;
                })));
            }
            Action::Save { name, text } => {
                let saved = std::fs::File::create_new(&name)
                    .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
                    .map(|()| format!("written to {name}"))
                    .map_err(|error| format!("{name}: {error}"));
                self.say(saved);
            }
            Action::Remember(preferences) => {
                if let Some(Err(error)) = self.preferences.as_ref().map(|path| remember(path, &preferences)) {
                    self.say(Err(format!("not remembered: {}", error.chain())));
                }
            }
        }
    }

    /// The result of what was done here.
    fn say(&mut self, result: std::result::Result<String, String>) {
        let events = self.events.clone();
        self.tasks.spawn(async move { drop(events.send(Event::Said(result)).await) });
    }
}

async fn follow(plane: &dyn Plane, tenant: &str, events: &mpsc::Sender<Event>) -> Result<()> {
    let mut log = plane.log(tenant).await?;
    let mut rest = Vec::new();
    while let Some(bytes) = log.next().await {
        rest.extend_from_slice(&bytes.map_err(Error::io("read", "the log"))?);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
        let lines: Vec<u8> = rest.drain(..=end).collect();
        let lines = String::from_utf8_lossy(&lines).lines().map(str::to_owned).collect();
        if events.send(Event::Log(lines)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Reads preferences; there are none if there is no such file, or if another version wrote it.
pub fn preferences(path: &std::path::Path) -> Preferences {
    std::fs::read_to_string(path).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default()
}

fn remember(path: &std::path::Path, preferences: &Preferences) -> Result<()> {
    let text = toml::to_string(preferences).map_err(|error| Error::internal(error.to_string()))?;
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(Error::io("make", directory))?;
    }
    let draft = path.with_extension(format!("{}", std::process::id()));
    std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, path)).map_err(Error::io("write", path))
}
