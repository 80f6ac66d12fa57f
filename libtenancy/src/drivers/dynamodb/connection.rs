//! The client: how DynamoDB is reached, how often a call is tried, and what its errors mean.
//!
//! # Design notes
//! - Retries are the SDK's standard ones: at most `max_attempts`, with exponential, fully jittered pauses, from a budget that
//!   all calls of a client share, so that a store in trouble is not hit harder for it.
//! - A write that was sent and not answered may have been done, whatever the attempts after it say. [`Attempts`] watches
//!   every attempt of a call for that.

use std::{
    error::Error as StdError,
    fmt,
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents, SharedCredentialsProvider,
        interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
    },
    error::{BoxError, ProvideErrorMetadata, SdkError},
};

use crate::{
    error::{Error, Result},
    stores::DynamoDbServer,
};

/// The name of this part in errors.
pub(super) const PART: &str = "dynamodb";

/// How DynamoDB is reached, and what its tables are called.
#[derive(Clone)]
pub struct Settings {
    /// Another endpoint than the region's, as a URL.
    pub endpoint: Option<String>,
    /// The region; where AWS' tools find it if `None`.
    pub region: Option<String>,
    /// Credentials; AWS' default chain if `None`.
    pub credentials: Option<SharedCredentialsProvider>,
    /// The table of tenants.
    pub registry_table: String,
    /// The table of updates.
    pub inbox_table: String,
    /// The table of ledger rows.
    pub ledger_table: String,
    /// The Kubernetes namespace that is noted in records.
    pub namespace: String,
    /// Whether the store removes items that have expired. One that does not keeps them until they are pruned.
    pub time_to_live: bool,
    /// How long a connection may take to come up.
    pub connect_timeout: Duration,
    /// How long one attempt may take.
    pub attempt_timeout: Duration,
    /// How long a call may take with all its attempts and pauses.
    pub timeout: Duration,
    /// How often a call is tried.
    pub max_attempts: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            credentials: None,
            registry_table: "tenant-registry".to_owned(),
            inbox_table: "tenant-inbox".to_owned(),
            ledger_table: "tenant-ledger".to_owned(),
            namespace: "tenants".to_owned(),
            time_to_live: true,
            connect_timeout: Duration::from_secs(3),
            attempt_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(20),
            max_attempts: 5,
        }
    }
}

impl From<&DynamoDbServer> for Settings {
    fn from(server: &DynamoDbServer) -> Self {
        Self {
            endpoint: server.endpoint.clone(),
            region: server.region.clone(),
            registry_table: server.registry_table.clone(),
            inbox_table: server.inbox_table.clone(),
            ledger_table: server.ledger_table.clone(),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("registry_table", &self.registry_table)
            .field("inbox_table", &self.inbox_table)
            .field("ledger_table", &self.ledger_table)
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
        .operation_timeout(settings.timeout)
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
    Ok(Client::new(&config))
}

const IN_FLIGHT: u8 = 1;
const UNSURE: u8 = 2;

/// Watches the attempts of one call; clones watch the same one. Give it to the request as an interceptor.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts(Arc<AtomicU8>);

/// What became of a conditional write.
#[derive(Debug)]
pub(super) enum Written<T> {
    /// It was done.
    Done(T),
    /// Its condition does not hold, as far as this attempt could see.
    Unmet,
}

impl Attempts {
    /// Whether some attempt may have done what it was sent for without telling.
    pub(super) fn unsure(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }

    /// The answer to a write.
    pub(super) fn written<T, E>(&self, answer: Result<T, SdkError<E>>) -> Result<Written<T>>
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        match answer {
            Ok(output) => Ok(Written::Done(output)),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(Written::Unmet),
            Err(error) => Err(classify(error, self.unsure())),
        }
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_or(IN_FLIGHT, Ordering::AcqRel);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let certain = match (context.output_or_error(), context.response()) {
            (Some(Ok(_)), _) => true,
            // What the server cannot say about itself it cannot say about the write.
            (Some(Err(error)), Some(response)) => error.is_operation_error() && !response.status().is_server_error(),
            (Some(Err(error)), None) => error.as_connector_error().is_some_and(|error| was_refused(error)),
            (None, _) => false,
        };
        if !certain && self.0.load(Ordering::Acquire) & IN_FLIGHT != 0 {
            self.0.fetch_or(UNSURE, Ordering::AcqRel);
        }
        self.0.fetch_and(!IN_FLIGHT, Ordering::AcqRel);
        Ok(())
    }
}

/// Whether nobody listened, so that nothing was sent.
fn was_refused(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The answer to a read.
pub(super) fn read<T, E>(answer: Result<T, SdkError<E>>) -> Result<T>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    answer.map_err(|error| classify(error, false))
}

/// What an error means. `unsure`: the call, or an attempt before, may have been done.
fn classify<E>(error: SdkError<E>, unsure: bool) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if unsure {
        return Error::outcome_unknown(PART, error);
    }
    let refused = error.raw_response().is_some_and(|response| response.status().is_client_error());
    let said = || match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => error.to_string(),
    };
    match error.code() {
        Some("ResourceNotFoundException") => Error::Refused {
            part: PART,
            reason: "a table or an index is missing; `ztm admin init` makes it".to_owned(),
        },
        Some("ItemCollectionSizeLimitExceededException") => Error::StoreFull,
        Some(
            "AccessDeniedException"
            | "ExpiredTokenException"
            | "IncompleteSignatureException"
            | "InvalidSignatureException"
            | "MissingAuthenticationTokenException"
            | "NotAuthorized"
            | "OptInRequired"
            | "UnrecognizedClientException",
        ) => Error::Refused { part: PART, reason: said() },
        Some(
            "LimitExceededException"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "ResourceInUseException"
            | "ThrottlingException"
            | "TransactionConflictException",
        ) => Error::unavailable(PART, error),
        _ if refused => Error::internal(format!("{PART}: {}", said())),
        _ => Error::unavailable(PART, error),
    }
}

#[cfg(test)]
mod tests;
