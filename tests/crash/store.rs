//! The stores of the crash test, named on a command line: `sqlite:DIRECTORY`, `redis:URL`.

use std::{path::Path, sync::Arc};

use libtenancy::{
    clock::SystemClock,
    credits::MicroCredits,
    drivers::{
        local::store::{Options, Store},
        redis::{Redis, Settings},
    },
    ports::{
        jobs::{JobSettings, Jobs},
        ledgers::Ledgers,
        quotas::Quotas,
    },
    quota::Quota,
};

/// Jobs and accounts in the store under test; the ledger in a SQLite of its own, or the same.
#[derive(Clone)]
pub(crate) struct Plane {
    pub(crate) jobs: Arc<dyn Jobs>,
    pub(crate) quotas: Arc<dyn Quotas>,
    pub(crate) ledgers: Arc<dyn Ledgers>,
}

/// What every process of a test is told.
pub(crate) fn settings() -> JobSettings {
    let default_quota = Quota {
        rate: MicroCredits::credits(50),
        burst: MicroCredits::credits(5_000),
        max_running: 40,
        ..Quota::default()
    };
    JobSettings { default_quota, ..JobSettings::default() }
}

fn sqlite(dir: &Path) -> Store {
    let options = Options { jobs: settings(), ..Options::default() };
    Store::open_with(dir, Arc::new(SystemClock::default()), options).expect("the SQLite store opens")
}

/// Opens a store by its name; `ledger` is the directory of the ledger.
pub(crate) async fn open(store: &str, ledger: &Path) -> Plane {
    let ledgers = Arc::new(sqlite(ledger));
    match store.split_once(':') {
        Some(("sqlite", dir)) => {
            let store = if Path::new(dir) == ledger { (*ledgers).clone() } else { sqlite(Path::new(dir)) };
            Plane { jobs: Arc::new(store.clone()), quotas: Arc::new(store), ledgers }
        }
        Some(("redis", url)) => {
            let mut settings = Settings::new(format!("redis:{url}"));
            // A store that is being started again is asked again soon.
            settings.timeout = std::time::Duration::from_secs(2);
            let redis = loop {
                match Redis::open(&settings, self::settings()).await {
                    Ok(redis) => break redis,
                    Err(error) if error.retryable() => tokio::time::sleep(settings.connect_timeout / 60).await,
                    Err(error) => panic!("{}", error.chain()),
                }
            };
            Plane { jobs: Arc::new(redis.clone()), quotas: Arc::new(redis), ledgers }
        }
        _ => panic!("`{store}` names no store"),
    }
}
