//! What agents remember, as the control plane, or a store, tells it.

use std::time::Duration;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use libtenancy::{
    Error, Result,
    api::{
        TenantView,
        state::{ARCHIVE_SHA256, ArchiveName, SnapshotOutcome, StateVerified, StateView},
    },
};
use reqwest::{Method, header};
use tokio_util::io::ReaderStream;

use super::{
    Client,
    http::{NONE, tenant},
    path::query,
};

/// How long work on whole archives may take.
const PATIENT: Duration = Duration::from_mins(10);

/// How much of an archive is read at once.
const PIECE: usize = 256 << 10;

/// An archive on its way.
pub struct Export {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal, of what is to arrive.
    pub sha256: String,
    /// Its content.
    pub content: BoxStream<'static, std::io::Result<Bytes>>,
}

fn named(archive: Option<&str>) -> ArchiveName {
    ArchiveName { archive: archive.map(str::to_owned) }
}

impl Client {
    /// A tenant's archives, and what of its state is in the published one.
    pub async fn state_get(&self, id: &str) -> Result<StateView> {
        match self {
            Self::Http(http) => http.call(Method::GET, &format!("/tenants/{}/state", tenant(id)?), NONE, PATIENT).await,
            Self::Direct(direct) => direct.records().await?.state_get(&id.parse()?).await,
        }
    }

    /// Reads archives to the last byte: all of a tenant's, or one.
    pub async fn state_verify(&self, id: &str, archive: Option<&str>) -> Result<StateVerified> {
        match self {
            Self::Http(http) => {
                let path = format!("/tenants/{}/state/verify", tenant(id)?);
                http.call(Method::POST, &path, Some(&named(archive)), PATIENT).await
            }
            Self::Direct(direct) => {
                let archives = direct.records().await?.state_verify(&id.parse()?, archive).await?;
                Ok(StateVerified { tenant_id: id.to_owned(), archives })
            }
        }
    }

    /// Makes an archive the one that the tenant's next agent begins with.
    pub async fn state_restore(&self, id: &str, archive: &str) -> Result<TenantView> {
        let path = format!("/tenants/{}/state/restore", tenant(id)?);
        self.plane("bringing back a state")?.call(Method::POST, &path, Some(&named(Some(archive))), PATIENT).await
    }

    /// A copy of an archive; the published one unless another is named.
    pub async fn state_export(&self, id: &str, archive: Option<&str>) -> Result<Export> {
        let http = match self {
            Self::Http(http) => http,
            Self::Direct(direct) => {
                let (path, archive) = direct.records().await?.state_export(&id.parse()?, archive).await?;
                let file = tokio::fs::File::open(&path).await.map_err(Error::io("open", &path))?;
                let content = ReaderStream::with_capacity(file, PIECE).boxed();
                return Ok(Export { bytes: archive.bytes, sha256: archive.sha256, content });
            }
        };
        let path = format!("/tenants/{}/state/archive{}", tenant(id)?, query([("archive", archive)]));
        let answer = http.open(&path, PATIENT).await?;
        let text = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        let bytes = text(header::CONTENT_LENGTH.as_str()).and_then(|bytes| bytes.parse().ok());
        let (Some(bytes), Some(sha256)) = (bytes, text(ARCHIVE_SHA256)) else {
            return Err(Error::unavailable("orchestrator", "it does not say what it sends; is it another version?"));
        };
        let content = answer.bytes_stream().map_err(|e| std::io::Error::other(e.without_url())).boxed();
        Ok(Export { bytes, sha256, content })
    }

    /// Saves the state of a running agent now.
    pub async fn tenant_snapshot(&self, id: &str) -> Result<SnapshotOutcome> {
        let path = format!("/tenants/{}/snapshot", tenant(id)?);
        self.plane("a snapshot")?.call(Method::POST, &path, NONE, PATIENT).await
    }
}
