//! Archives on their way between an agent's machine and a store: by URLs that need no other credentials.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use futures::StreamExt;
use libtenancy::{
    Error, Result,
    agent::{Archive, Restore, Upload},
    drivers::telegram::install_crypto_provider,
};
use reqwest::StatusCode;
use tokio::io::AsyncWriteExt;

/// What errors call the other side.
const PART: &str = "the store of archives";

/// How long it may take to answer at all, and be silent in between.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client for a URL: for `https` with the machine's certificates, which an image must have then.
fn client(url: &str) -> Result<reqwest::Client> {
    install_crypto_provider();
    let client = reqwest::Client::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        // A signed URL is for the one who signed it.
        .redirect(reqwest::redirect::Policy::none());
    let client = if url.starts_with("https:") { client } else { client.tls_certs_only([]) };
    client.build().map_err(|e| Error::unavailable(PART, e))
}

/// An error without its URL, which is a secret.
fn failed(error: reqwest::Error) -> Error {
    Error::unavailable(PART, error.without_url())
}

/// Where the archive of `restore` is on this machine, once it is; one behind a URL is written into `directory`.
///
/// `Corrupt` if the store has no such archive; `Unavailable`.
pub(super) async fn fetch(restore: &Restore, directory: &Path) -> Result<PathBuf> {
    let url = match &restore.from {
        Archive::File(path) => return Ok(path.clone()),
        Archive::Url(url) => url,
    };
    tokio::fs::create_dir_all(directory).await.map_err(Error::io("create", directory))?;
    let path = directory.join(".restore");
    let response = client(&url.0)?.get(&url.0).send().await.map_err(failed)?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            return Err(Error::Corrupt { what: "snapshot", path, reason: "the store has no such archive".to_owned() });
        }
        status => return Err(Error::unavailable(PART, format!("it answered {status} to a download"))),
    }
    let mut file = tokio::fs::File::create(&path).await.map_err(Error::io("create", &path))?;
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        file.write_all(&chunk.map_err(failed)?).await.map_err(Error::io("write", &path))?;
    }
    file.flush().await.map_err(Error::io("write", &path))?;
    Ok(path)
}

/// Writes an archive where `upload` says, and removes it and those before it here. One that is there already is no error:
/// whoever publishes it compares what is there.
///
/// `NotFound`; `Unavailable`.
pub(super) async fn send(upload: &Upload, directory: &Path) -> Result<()> {
    // The name is one of ours or none.
    let path = directory.join(Path::new(&upload.file).file_name().unwrap_or_default());
    let file = match tokio::fs::File::open(&path).await {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(Error::not_found("snapshot", &upload.file)),
        Err(e) => return Err(Error::io("open", path)(e)),
    };
    let length = file.metadata().await.map_err(Error::io("read", &path))?.len();
    let mut request = client(&upload.url.0)?.put(&upload.url.0).header(reqwest::header::CONTENT_LENGTH, length);
    for (name, value) in &upload.headers {
        request = request.header(name, value);
    }
    let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(file));
    let response = request.body(body).send().await.map_err(failed)?;
    match response.status() {
        status if status.is_success() => {}
        StatusCode::PRECONDITION_FAILED => {}
        status => return Err(Error::unavailable(PART, format!("it answered {status} to an upload"))),
    }
    remove_up_to(directory, &upload.file);
    Ok(())
}

/// Removes the archives up to `last` by name, which is their order; what cannot be removed ends with the machine.
fn remove_up_to(directory: &Path, last: &str) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name <= last)
            && let Err(error) = std::fs::remove_file(entry.path())
        {
            tracing::warn!("an archive was not removed: {error}");
        }
    }
}
