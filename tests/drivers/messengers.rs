//! The Telegram driver against the suite of its port, the double on the other side.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use libtenancy::{
    conformance::messengers::{Misbehaviour, OtherSide, Registered},
    drivers::telegram::{Settings, Telegram},
    ports::messengers::Messengers,
    secret::Secret,
    tenant::BotId,
};
use services::doubles::telegram::{Double, Fault, Rule};
use tokio::net::TcpSocket;

const TOKEN: &str = "4711:AAdouble_secret-part";

struct Side {
    double: Double,
    telegram: Telegram,
    nobody: Telegram,
    _closed: TcpSocket,
}

async fn start() -> Side {
    let double = Double::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    double.bot_add(TOKEN).unwrap();
    let client =
        |url: String| Telegram::new(&Settings { timeout: Duration::from_millis(500), ..Settings::new(url) }).unwrap();
    // Bound and never listening: nobody else is given this port, and nobody answers on it.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let nobody = client(format!("http://{}", closed.local_addr().unwrap()));
    Side { telegram: client(double.url()), nobody, double, _closed: closed }
}

impl OtherSide for Side {
    fn messenger(&self) -> &dyn Messengers {
        &self.telegram
    }

    fn messenger_to_nobody(&self) -> &dyn Messengers {
        &self.nobody
    }

    fn token(&self) -> Secret {
        Secret::new(TOKEN)
    }

    fn bot(&self) -> BotId {
        BotId(4711)
    }

    fn misbehave(&self, how: Misbehaviour) {
        let fault = match how {
            Misbehaviour::RateLimits(seconds) => Fault::RateLimited(seconds),
            Misbehaviour::Blocks => Fault::Blocked,
            Misbehaviour::Migrates(to) => Fault::Migrated(to),
            Misbehaviour::Breaks => Fault::ServerError,
            Misbehaviour::Garbles => Fault::Unreadable,
            Misbehaviour::Hangs => Fault::Hang,
            Misbehaviour::DropsBefore => Fault::DropBefore,
            Misbehaviour::DropsAfter => Fault::DropAfter,
        };
        self.double.fault(Rule { bot: None, method: None, chat: None, times: Some(1), fault });
    }

    fn sent(&self, chat: i64) -> Vec<(i64, String)> {
        self.double.sent(chat).into_iter().map(|sent| (sent.message_id, sent.text)).collect()
    }

    fn typing(&self, chat: i64) -> u64 {
        self.double.typing(chat)
    }

    fn callbacks(&self) -> Vec<String> {
        self.double.callbacks()
    }

    fn webhook(&self) -> Option<Registered> {
        let webhook = self.double.webhook(TOKEN)?;
        Some(Registered {
            url: webhook.url,
            secret: webhook.secret,
            max_connections: webhook.max_connections,
            kinds: webhook.allowed_updates,
        })
    }

    fn update_queue(&self) {
        self.double.message_push(TOKEN, 77, "hello").unwrap();
    }

    fn pending(&self) -> u64 {
        self.double.pending(TOKEN).try_into().unwrap()
    }
}

libtenancy::messengers_conformance!(start);
