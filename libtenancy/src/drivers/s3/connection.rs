//! The client: how S3 is reached, how often a call is tried, and what its errors mean.

use std::{error::Error as StdError, fmt, time::Duration};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::{
    Client,
    config::{RequestChecksumCalculation, ResponseChecksumValidation, SharedCredentialsProvider},
    error::{ProvideErrorMetadata, SdkError},
};

use crate::{
    error::{Error, Result},
    stores::S3Server,
};

/// The name of this part in errors.
pub(super) const PART: &str = "s3";

/// How S3 is reached, and which bucket.
#[derive(Clone)]
pub struct Settings {
    /// The bucket.
    pub bucket: String,
    /// Another endpoint than the region's, as a URL.
    pub endpoint: Option<String>,
    /// The region; where AWS' tools find it if `None`.
    pub region: Option<String>,
    /// Whether the bucket is named in the path instead of the host.
    pub path_style: bool,
    /// Credentials; AWS' default chain if `None`.
    pub credentials: Option<SharedCredentialsProvider>,
    /// From how many bytes an archive goes up in parts, and how large these are; at least 5 MiB for S3 itself.
    pub part_bytes: u64,
    /// How long a connection may take to come up.
    pub connect_timeout: Duration,
    /// How long one attempt may take: of an upload, one part.
    pub attempt_timeout: Duration,
    /// How often a call is tried.
    pub max_attempts: u32,
}

impl Settings {
    /// The defaults for a bucket.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            endpoint: None,
            region: None,
            path_style: false,
            credentials: None,
            part_bytes: 8 << 20,
            connect_timeout: Duration::from_secs(3),
            attempt_timeout: Duration::from_secs(60),
            max_attempts: 5,
        }
    }
}

impl From<&S3Server> for Settings {
    fn from(server: &S3Server) -> Self {
        Self {
            endpoint: server.endpoint.clone(),
            region: server.region.clone(),
            path_style: server.path_style,
            ..Self::new(&server.bucket)
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A client. `Invalid` if no region is known.
pub(super) async fn client(settings: &Settings) -> Result<Client> {
    crate::drivers::telegram::install_crypto_provider();
    let retries = RetryConfig::standard()
        .with_max_attempts(settings.max_attempts)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(2));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .operation_attempt_timeout(settings.attempt_timeout)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).retry_config(retries).timeout_config(timeouts);
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(credentials) = &settings.credentials {
        loader = loader.credentials_provider(credentials.clone());
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err(Error::invalid("region", "none is configured; set it in the context or in AWS_REGION"));
    }
    let config = aws_sdk_s3::config::Builder::from(&config)
        .force_path_style(settings.path_style)
        // Archives carry a hash of their own; not every server that speaks the protocol knows the SDK's trailers.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Ok(Client::from_conf(config))
}

/// The HTTP status of a refusal.
pub(super) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// What an error means. Every call of this driver may be repeated, so that an unknown outcome is no other than none.
pub(super) fn classify<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let said = || match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => error.to_string(),
    };
    match (error.code(), status(&error)) {
        (Some("NoSuchBucket"), _) => {
            Error::Refused { part: PART, reason: "the bucket is missing; `ztm admin init` makes it".to_owned() }
        }
        (Some("SlowDown" | "RequestTimeout" | "OperationAborted" | "InternalError" | "ServiceUnavailable"), _)
        | (_, None | Some(408 | 409 | 429 | 500..)) => Error::unavailable(PART, error),
        (_, Some(401 | 403)) => Error::Refused { part: PART, reason: said() },
        _ => Error::internal(format!("{PART}: {}", said())),
    }
}

/// The answer of a call.
pub(super) fn read<T, E>(answer: Result<T, SdkError<E>>) -> Result<T>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    answer.map_err(classify)
}
