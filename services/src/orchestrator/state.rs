//! `/tenants/{id}/state` and `/tenants/{id}/snapshot`: what an agent remembers, outside of it.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use libtenancy::{
    Error, Tenancy,
    api::{
        TenantView,
        state::{ARCHIVE_SHA256, ArchiveName, SnapshotOutcome, StateVerified, StateView},
    },
};
use tokio_util::io::ReaderStream;

use super::{Answer, Asked, MaybeSent, Named, Sent};

/// How much of an archive is read at once.
const PIECE: usize = 256 << 10;

pub(super) async fn get(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<StateView>> {
    Ok(Json(tenancy.state_get(&id).await?))
}

pub(super) async fn verify(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    MaybeSent(name): MaybeSent<ArchiveName>,
) -> Answer<Json<StateVerified>> {
    let archives = tenancy.state_verify(&id, name.archive.as_deref()).await?;
    Ok(Json(StateVerified { tenant_id: id.to_string(), archives }))
}

pub(super) async fn restore(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(name): Sent<ArchiveName>,
) -> Answer<Json<TenantView>> {
    let archive = name.archive.ok_or_else(|| Error::invalid("archive", "it must be named"))?;
    Ok(Json(TenantView::from(&tenancy.state_restore(&id, &archive).await?)))
}

/// The archive itself, after it was verified; its hash goes before it.
pub(super) async fn export(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Asked(name): Asked<ArchiveName>,
) -> Answer<Response> {
    let (path, archive) = tenancy.state_export(&id, name.archive.as_deref()).await?;
    let file = tokio::fs::File::open(&path).await.map_err(Error::io("open", &path))?;
    let headers = [
        (header::CONTENT_TYPE, "application/zstd".to_owned()),
        (header::CONTENT_LENGTH, archive.bytes.to_string()),
        (header::HeaderName::from_static(ARCHIVE_SHA256), archive.sha256),
    ];
    Ok((headers, Body::from_stream(ReaderStream::with_capacity(file, PIECE))).into_response())
}

pub(super) async fn snapshot(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<SnapshotOutcome>> {
    Ok(Json(tenancy.tenant_snapshot(&id).await?))
}
