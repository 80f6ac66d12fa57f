//! Servers that speak DynamoDB's protocol, of the tests' own: `moto_server` 5.2.5 and, as a second opinion, `dynalite`
//! 4.0.0. They keep what they are told in memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::config::Credentials;
use libtenancy::{
    drivers::dynamodb::{DynamoDb, Settings, SharedCredentialsProvider},
    secret::Keyring,
};
use tokio::{net::TcpStream, sync::OnceCell};

use crate::process::{Guarded, free_ports, wait_for};

/// Which server. What one cannot do is said by its methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `moto_server`, from `ZTM_TEST_MOTO_SERVER` or the path.
    Moto,
    /// `dynalite`, from `ZTM_TEST_DYNALITE` or the path.
    Dynalite,
}

impl Kind {
    /// Whether items can be made to expire.
    fn time_to_live(self) -> bool {
        self == Self::Moto
    }

    /// Whether an index can be added to a table that is there.
    pub(crate) fn adds_indexes(self) -> bool {
        self == Self::Moto
    }

    fn command(self, port: u16) -> Vec<String> {
        let port = port.to_string();
        let program = |variable: &str, name: &str| std::env::var(variable).unwrap_or_else(|_| name.to_owned());
        let (program, arguments) = match self {
            Self::Moto => (program("ZTM_TEST_MOTO_SERVER", "moto_server"), vec!["-H", "127.0.0.1", "-p", &port]),
            Self::Dynalite => {
                let mut arguments = vec!["--host", "127.0.0.1", "--port", &port];
                arguments.extend(["--createTableMs", "0", "--deleteTableMs", "0", "--updateTableMs", "0"]);
                (program("ZTM_TEST_DYNALITE", "dynalite"), arguments)
            }
        };
        std::iter::once(program).chain(arguments.into_iter().map(str::to_owned)).collect()
    }
}

/// One server.
#[derive(Debug)]
pub(crate) struct Server {
    _process: Guarded,
    pub(crate) port: u16,
}

impl Server {
    /// Starts one.
    pub(crate) async fn start(kind: Kind) -> Self {
        let [port] = free_ports();
        let server = Self { _process: Guarded::spawn(&kind.command(port)), port };
        wait_for("a server", || async { TcpStream::connect(("127.0.0.1", port)).await.ok() }).await;
        server
    }

    /// The one of its kind that all tests share, each with tables of its own.
    pub(crate) async fn shared(kind: Kind) -> &'static Self {
        static MOTO: OnceCell<Server> = OnceCell::const_new();
        static DYNALITE: OnceCell<Server> = OnceCell::const_new();
        let shared = if kind == Kind::Moto { &MOTO } else { &DYNALITE };
        shared.get_or_init(|| Self::start(kind)).await
    }
}

/// Settings for tables that nobody else has, at this port.
pub(crate) fn settings(kind: Kind, port: u16) -> Settings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let prefix = format!("n{}", NEXT.fetch_add(1, Ordering::Relaxed));
    Settings {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        region: Some("us-east-1".to_owned()),
        credentials: Some(SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "tests"))),
        registry_table: format!("{prefix}-registry"),
        inbox_table: format!("{prefix}-inbox"),
        ledger_table: format!("{prefix}-ledger"),
        time_to_live: kind.time_to_live(),
        // The servers are busy with all tests at once.
        attempt_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(60),
        ..Settings::default()
    }
}

/// A client for looking behind a driver's back.
pub(crate) fn client(settings: &Settings) -> aws_sdk_dynamodb::Client {
    libtenancy::drivers::telegram::install_crypto_provider();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .endpoint_url(settings.endpoint.clone().unwrap())
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .credentials_provider(settings.credentials.clone().unwrap());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// A keyring that all tests share.
pub(crate) fn keyring() -> Arc<Keyring> {
    static KEYRING: std::sync::OnceLock<Arc<Keyring>> = std::sync::OnceLock::new();
    let made = || {
        let dir = tempfile::tempdir().unwrap();
        Arc::new(Keyring::load_or_create(&dir.path().join("key")).unwrap())
    };
    Arc::clone(KEYRING.get_or_init(made))
}

/// A driver without tables.
pub(crate) async fn connect(settings: Settings) -> DynamoDb {
    DynamoDb::open(settings, keyring()).await.unwrap()
}

/// A driver with empty tables of its own on the shared server.
pub(crate) async fn open(kind: Kind) -> DynamoDb {
    let driver = connect(settings(kind, Server::shared(kind).await.port)).await;
    driver.schema_apply().await.unwrap();
    driver
}
