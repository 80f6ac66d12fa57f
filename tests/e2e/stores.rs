//! Who keeps the records of a stage: the state directory, or servers as production has them.

use std::path::Path;

use tokio::net::TcpStream;

use crate::{
    process::{Guarded, free_ports, wait_for},
    redis,
};

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stores {
    /// The state directory: SQLite and files.
    Local,
    /// DynamoDB, Redis and S3.
    Cloud,
}

/// Makes two tests of each function from [`Stores`], one a set of stores; of those after `local:` one, on the state directory.
macro_rules! on_every_store {
    ($($name:ident),+ $(; local: $($only:ident),+)? $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::stores::Stores::Local).await;
            })+
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $only() {
                super::$only(crate::stores::Stores::Local).await;
            })+)?
        }

        mod cloud {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs redis-server, moto_server: tests/run"]
            async fn $name() {
                super::$name(crate::stores::Stores::Cloud).await;
            })+
        }
    };
}
pub(crate) use on_every_store;

/// The servers of a stage.
pub(crate) struct Servers {
    pub(crate) redis: redis::Server,
    _aws: Guarded,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Servers {
    /// Starts them, empty; DynamoDB and S3 on this address of the machine.
    pub(crate) async fn start(host: &str) -> Self {
        let [port] = free_ports();
        let program = std::env::var("ZTM_TEST_MOTO_SERVER").unwrap_or_else(|_| "moto_server".to_owned());
        let arguments = [&program, "-H", host, "-p", &port.to_string()].map(str::to_owned);
        let aws = Guarded::spawn(&arguments);
        let mut durable = vec!["--appendonly", "yes", "--appendfsync", "always"];
        if host != "127.0.0.1" {
            // The tests' own addresses, in a network of their own.
            durable.extend(["--bind", "127.0.0.1", host, "--protected-mode", "no"]);
        }
        let redis = redis::Server::start(&durable).await;
        wait_for("a server", || async { TcpStream::connect((host, port)).await.ok() }).await;
        Self { redis, _aws: aws, host: host.to_owned(), port }
    }

    /// Where DynamoDB and S3 are spoken.
    pub(crate) fn aws_url(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// A signature that the server does not check; it takes the region from it.
    pub(crate) const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=tests/20261001/us-east-1/dynamodb/aws4_request, \
         SignedHeaders=host, Signature=0";

    /// Writes the configuration file of a person whose home is `home`, and who reaches S3 over `s3_port`.
    pub(crate) fn configure(&self, home: &Path, s3_port: u16) {
        let endpoint = self.aws_url();
        let text = format!(
            "current_context = 'cloud'\n\
             [contexts.cloud]\ndrivers = 'aws'\nkey_file = 'keys'\n\
             [contexts.cloud.dynamodb]\nendpoint = '{endpoint}'\nregion = 'us-east-1'\n\
             [contexts.cloud.redis]\nurl = '{}'\n\
             [contexts.cloud.s3]\nendpoint = 'http://{}:{s3_port}'\nregion = 'us-east-1'\nbucket = 'states'\npath_style = true\n",
            self.redis.url, self.host
        );
        let directory = home.join(".config/ztm");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("config.toml"), text).unwrap();
    }

    /// Adds keys to the context, of its own and of its tables.
    pub(crate) fn configure_more(home: &Path, keys: &str) {
        let file = home.join(".config/ztm/config.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let table = format!("{keys}\n[contexts.cloud.dynamodb]");
        std::fs::write(file, text.replace("[contexts.cloud.dynamodb]", &table)).unwrap();
    }

    /// Credentials, as AWS' tools take them.
    pub(crate) const CREDENTIALS: [(&str, &str); 2] =
        [("AWS_ACCESS_KEY_ID", "tests"), ("AWS_SECRET_ACCESS_KEY", "tests")];
}
