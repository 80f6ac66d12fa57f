//! What the stores of a configuration lack before they can be used: found, and made.
//!
//! Owns the order. Does not own the shape of anything (`dynamodb::schema`, `s3::bucket`). Nothing is ever removed, and a
//! repeat makes nothing: whoever dies half way calls it again.

use std::{
    fmt,
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{assembly, local::mark};
use crate::{
    config::Config,
    error::{Error, Result},
    secret::Keyring,
};

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Step {
    /// A file with one new key.
    KeyFile(KeyFile),
    /// A part of DynamoDB's tables.
    #[cfg(feature = "dynamodb")]
    Table(super::dynamodb::schema::Step),
    /// A part of the bucket.
    #[cfg(feature = "s3")]
    Bucket(super::s3::bucket::Step),
}

/// See [`Step::KeyFile`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "step", rename = "make_key_file")]
pub struct KeyFile {
    /// Where.
    pub path: PathBuf,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyFile(KeyFile { path }) => write!(f, "make the key file `{}`", path.display()),
            #[cfg(feature = "dynamodb")]
            Self::Table(step) => step.fmt(f),
            #[cfg(feature = "s3")]
            Self::Bucket(step) => step.fmt(f),
        }
    }
}

/// What is missing, in the order in which it is to be made; empty if all is there, or if everything is kept in the state
/// directory, which is made when it is first used. Changes nothing.
pub async fn plan(config: &Config) -> Result<Vec<Step>> {
    if !config.stores.checked()?.is_shared() {
        return Ok(Vec::new());
    }
    let missing = missing_key(config)?;
    // Without the keys, nothing is sealed while looking.
    let keyring = if missing.is_some() { Keyring::fresh()? } else { assembly::keyring(config)? };
    let mut steps: Vec<Step> = missing.map(|path| Step::KeyFile(KeyFile { path })).into_iter().collect();
    steps.extend(servers(config, keyring, false).await?);
    Ok(steps)
}

/// Makes what is missing, waits until it can be used, and returns what was made.
pub async fn apply(config: &Config) -> Result<Vec<Step>> {
    if !config.stores.checked()?.is_shared() {
        return Ok(Vec::new());
    }
    mark::claim(&config.state_dir, &config.servers.fingerprint())?;
    let missing = missing_key(config)?;
    if let Some(path) = &missing {
        let directory = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(Error::io("make", directory))?;
        Keyring::load_or_create(path)?;
    }
    let mut steps: Vec<Step> = missing.map(|path| Step::KeyFile(KeyFile { path })).into_iter().collect();
    steps.extend(servers(config, assembly::keyring(config)?, true).await?);
    Ok(steps)
}

/// The key file that the configuration means, if there is none.
fn missing_key(config: &Config) -> Result<Option<PathBuf>> {
    let path = assembly::key_path(config);
    Ok((!path.try_exists().map_err(Error::io("open", &path))?).then_some(path))
}

/// What the servers lack; made, if `make`.
#[cfg_attr(not(feature = "dynamodb"), expect(unused_variables, reason = "only its records are sealed"))]
async fn servers(config: &Config, keyring: Keyring, make: bool) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    #[cfg(feature = "dynamodb")]
    if let Some(server) = config.servers.dynamodb.as_ref().filter(|_| config.stores.on_dynamodb()) {
        let dynamodb = super::dynamodb::DynamoDb::open(server.into(), std::sync::Arc::new(keyring)).await?;
        let tables = if make { dynamodb.schema_apply().await? } else { dynamodb.schema_plan().await? };
        steps.extend(tables.into_iter().map(Step::Table));
    }
    #[cfg(feature = "s3")]
    if let Some(server) = config.servers.s3.as_ref().filter(|_| config.stores.on_s3()) {
        let s3 = super::s3::S3Snapshots::open(server.into(), &config.state_dir).await?;
        let bucket = if make { s3.bucket_apply().await? } else { s3.bucket_plan().await? };
        steps.extend(bucket.into_iter().map(Step::Bucket));
    }
    Ok(steps)
}
