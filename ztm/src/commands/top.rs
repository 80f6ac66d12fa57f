//! `ztm top`.

use std::{io::IsTerminal, sync::Arc, time::Duration};

use anyhow::Result;
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use libtenancy::{
    Error,
    api::{
        StopTenant, UpdateTenant,
        feed::{Change, Numbers, Piece, SpendNow},
        pool::ScalePool,
        quotas::GrantCredits,
    },
    clock::{Clock, SystemClock},
    credits::MicroCredits,
};
use ztm_tui::{
    event::{Answer, Ask, Event, Order},
    record::{self, Recorder},
    runner::{self, Plane, Run},
    state::{Options, State},
    theme::{Symbols, Theme},
    update::update,
};

use super::{Context, random_name, status::spent_today};
use crate::{
    cli::{
        global::Color,
        top::{SymbolName, ThemeName, TopArgs},
    },
    client::{self, Client, Rows, Subject},
    exit::Usage,
    settings::Settings,
    view::{counted, top::Once},
};

/// How long `--once` waits until everything has been said.
const ONCE: Duration = Duration::from_secs(30);

/// Lines of the ledger that are shown.
const LEDGER: usize = 500;

/// Lines of a log before what is added.
const TAIL: usize = 500;

/// Shows the screen, or prints it in numbers.
pub fn top(ctx: &Context, args: TopArgs) -> Result<()> {
    if args.once {
        return super::wait_for(once(ctx, args));
    }
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        let hint = Some("`ztm top --once` prints the same in numbers".to_owned());
        return Err(Usage { message: "this is no terminal".to_owned(), hint }.into());
    }
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        let hint = Some("`ztm top --once` prints the same in numbers".to_owned());
        return Err(Usage { message: "this terminal cannot draw (TERM=dumb)".to_owned(), hint }.into());
    }
    super::in_foreground()?;
    let preferences = ctx.settings.screen_file.clone();
    let run = Run {
        options: options(ctx, &args),
        mouse: args.mouse,
        recorder: args.record.as_deref().map(Recorder::create).transpose()?,
        preferences,
    };
    let plane: Arc<dyn Plane> = match &args.replay {
        Some(file) => Arc::new(Replay { pieces: record::read(file)?, speed: args.speed }),
        // Each of its orders is one of its own, however often the same is given.
        None => Arc::new(Live(Settings { idempotency_key: None, ..ctx.settings.clone() })),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let outcome = runtime.block_on(runner::run(plane, run));
    // What is still being asked for is of no use any more.
    runtime.shutdown_background();
    Ok(outcome?)
}

async fn once(ctx: &Context, args: TopArgs) -> Result<()> {
    let pieces = if let Some(file) = &args.replay {
        record::read(file)?
    } else {
        let mut pieces = everything(ctx).await?;
        pieces.extend(sums(ctx, &pieces).await?);
        pieces
    };
    let here = pieces.last().map_or_else(|| SystemClock::default().now(), |piece| piece.at);
    let mut state = State::new(options(ctx, &args), (100, 30), here);
    update(&mut state, Event::Pieces(pieces));
    ctx.printer.show(&Once(state))
}

/// What is said until everything has been said once.
async fn everything(ctx: &Context) -> Result<Vec<Piece>> {
    // The way there is open for as long as the client lives.
    let client = ctx.client().await?;
    let mut feed = client.feed().await?;
    let limit = ctx.settings.request_timeout.unwrap_or(ONCE);
    let heard = async {
        let (mut pieces, mut ready) = (Vec::new(), false);
        while let Some(piece) = feed.next().await {
            let piece = piece?;
            // What is read after the tenants (accounts, the queue, machines, spend) is said before the numbers.
            let whole = ready && matches!(piece.change, Change::Numbers(_) | Change::Beat);
            ready |= piece.change == Change::Ready;
            pieces.push(piece);
            if whole {
                break;
            }
        }
        Ok::<_, Error>(pieces)
    };
    let timeout = |_| Error::Timeout { what: "the feed".to_owned(), after: limit };
    Ok(tokio::time::timeout(limit, heard).await.map_err(timeout)??)
}

/// What the feed adds up once a minute, as it is now: where `ztm status` has it from.
async fn sums(ctx: &Context, said: &[Piece]) -> Result<Vec<Piece>> {
    let client = ctx.client().await?;
    if matches!(client, Client::Direct(_)) {
        return Ok(Vec::new());
    }
    let (status, today) = tokio::join!(client.status(), spent_today(&client));
    let last = |of: fn(&Change) -> bool| said.iter().rev().find(|piece| of(&piece.change)).cloned();
    let mut sums = Vec::new();
    if let (Some(Piece { at, change: Change::Numbers(numbers) }), Some(inbox)) =
        (last(|change| matches!(change, Change::Numbers(_))), status.ok().and_then(|status| status.inbox))
    {
        sums.push(Piece { at, change: Change::Numbers(Numbers { dead_updates: inbox.dead, ..numbers }) });
    }
    if let (Some(Piece { at, change: Change::Spend(spend) }), Some(today)) =
        (last(|change| matches!(change, Change::Spend(_))), today)
    {
        let month = MicroCredits((spend.month.0 - spend.today.0).saturating_add(today.0));
        sums.push(Piece { at, change: Change::Spend(SpendNow { today, month, ..spend }) });
    }
    Ok(sums)
}

fn options(ctx: &Context, args: &TopArgs) -> Options {
    let settings = &ctx.settings;
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let colourless = settings.color == Color::Never
        || (settings.color == Color::Auto && (!variable("NO_COLOR").is_empty() || variable("TERM") == "dumb"));
    let many = ["truecolor", "24bit"].contains(&variable("COLORTERM").as_str());
    // Terminals that say it at all say `foreground;background`; 7 and 15 are white.
    let light = variable("COLORFGBG").rsplit(';').next().is_some_and(|back| ["7", "15"].contains(&back));
    let theme = match args.theme {
        Some(ThemeName::Dark) => Theme::dark(),
        Some(ThemeName::Light) => Theme::light(),
        Some(ThemeName::Mono) => Theme::mono(),
        None if colourless => Theme::mono(),
        None if many && light => Theme::light(),
        None if many => Theme::dark(),
        Some(ThemeName::Sixteen) | None => Theme::ansi16(),
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable).into_iter().find(|value| !value.is_empty());
    let utf8 = locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"));
    let symbols = match args.symbols {
        Some(SymbolName::Braille) => Symbols::Braille,
        Some(SymbolName::Block) => Symbols::Block,
        None if utf8 => Symbols::Block,
        Some(SymbolName::Ascii) | None => Symbols::Ascii,
    };
    let context = match &args.replay {
        Some(file) => format!("replay of {}", file.display()),
        None => settings.context.name.clone(),
    };
    Options {
        context,
        namespace: settings
            .namespace
            .clone()
            .or_else(|| settings.context.servers.kubernetes.as_ref()?.namespace.clone()),
        readonly: args.readonly || args.replay.is_some() || settings.context.readonly,
        theme,
        symbols,
        preferences: settings.screen_file.as_deref().map(runner::preferences).unwrap_or_default(),
    }
}

/// The control plane of the context, wherever it is now: it is found anew for each connection.
struct Live(Settings);

impl Live {
    async fn client(&self) -> libtenancy::Result<Client> {
        Client::connect(&self.0).await
    }
}

#[async_trait]
impl Plane for Live {
    async fn feed(&self) -> libtenancy::Result<BoxStream<'static, libtenancy::Result<Piece>>> {
        client::feed_of(&self.0).await
    }

    async fn perform(&self, order: &Order) -> libtenancy::Result<String> {
        let client = self.client().await?;
        Ok(match order {
            Order::Wake(id) => match client.tenant_wake(id).await?.wake {
                Some(wake) => format!("{id} is awake: {} wake in {:.0} ms", wake.kind, wake.phases.total_ms),
                None => format!("{id} was awake already"),
            },
            Order::Stop(id) => format!("{id} is {}", client.tenant_stop(id, &StopTenant::default()).await?.status),
            Order::Suspend(id, reason) => {
                client.tenant_suspend(id, reason).await?;
                format!("{id} is suspended")
            }
            Order::Resume(id) => {
                client.tenant_resume(id).await?;
                format!("{id} is resumed")
            }
            Order::Grant(id, credits) => {
                let name = random_name().map_err(|error| Error::internal(error.to_string()))?;
                let grant = GrantCredits { credits: *credits, expires_in_s: None, expires_at: None, name: Some(name) };
                let account = client.credits_grant(id, grant).await?;
                format!("{id} was granted {credits} credits and has {}", account.available)
            }
            Order::IdleTimeout(id, seconds) => {
                let change = UpdateTenant { idle_timeout_s: Some(*seconds), ..UpdateTenant::default() };
                let changed = client.tenant_update(id, change).await?;
                format!("the idle timeout of {id} is {} s", changed.idle_timeout_s)
            }
            Order::Delete(id) => {
                client.tenant_delete(id, true).await?;
                format!("{id} is deleted; what it remembers is kept")
            }
            Order::Purge(id) => {
                client.tenant_delete(id, false).await?;
                format!("{id} is deleted, and nothing of it is left")
            }
            Order::Retry(id) => format!("job {id} is {}", client.job_retry(id).await?.status),
            Order::Replay(update) => {
                client.update_replay(update).await?;
                format!("{update} waits again")
            }
            Order::Scale(size) => {
                let pool = client.plane("scaling the warm pool")?.pool_scale(ScalePool { size: *size }).await?;
                format!("the warm pool is to have {}, {} ready", counted(pool.target, "agent"), pool.ready)
            }
        })
    }

    async fn tell(&self, ask: &Ask) -> libtenancy::Result<Answer> {
        let client = self.client().await?;
        Ok(match ask {
            Ask::Why(id) => Answer::Why(client.why(Subject::Wake, id).await?),
            Ask::Inbox(id) => {
                let mut updates = client.update_list(Some(id), None).await?.updates;
                updates.retain(|update| update.stage != "handled");
                Answer::Inbox(updates)
            }
            Ask::Ledger(id) => {
                let from = SystemClock::default().now() - Duration::from_hours(24 * 7);
                let of = Rows { tenant: Some(id.clone()), from: Some(from), to: None };
                let (mut rows, mut after): (Vec<_>, Option<String>) = (Vec::new(), None);
                loop {
                    let page = client.spend_rows(&of, after.as_deref()).await?;
                    rows.extend(page.rows);
                    let surplus = rows.len().saturating_sub(LEDGER);
                    rows.drain(..surplus);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                rows.reverse();
                Answer::Ledger(rows)
            }
        })
    }

    async fn log(&self, tenant: &str) -> libtenancy::Result<BoxStream<'static, std::io::Result<Bytes>>> {
        let client = self.client().await?;
        let log = client.tenant_logs(tenant, TAIL, true).await?;
        Ok(log
            .map(move |bytes| {
                let _way = &client;
                bytes
            })
            .boxed())
    }
}

/// A recording.
struct Replay {
    pieces: Vec<Piece>,
    speed: f64,
}

/// What a recording does not tell.
const UNRECORDED: Error = Error::NeedsControlPlane { what: "what was not recorded" };

#[async_trait]
impl Plane for Replay {
    async fn feed(&self) -> libtenancy::Result<BoxStream<'static, libtenancy::Result<Piece>>> {
        Ok(record::replay(self.pieces.clone(), self.speed))
    }

    async fn perform(&self, _: &Order) -> libtenancy::Result<String> {
        Err(UNRECORDED)
    }

    async fn tell(&self, _: &Ask) -> libtenancy::Result<Answer> {
        Err(UNRECORDED)
    }

    async fn log(&self, _: &str) -> libtenancy::Result<BoxStream<'static, std::io::Result<Bytes>>> {
        Err(UNRECORDED)
    }
}
