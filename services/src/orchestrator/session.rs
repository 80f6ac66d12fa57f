//! Sessions: the connection becomes one, and is carried to the agent.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper_util::rt::TokioIo;
use libtenancy::{
    Error, Tenancy,
    exec::{PROTOCOL, WORKLOAD_HEADER},
};

use super::{Answer, Named};

pub(super) async fn open(State(tenancy): State<Tenancy>, Named(id): Named, mut request: Request) -> Answer<Response> {
    if request.headers().get(header::UPGRADE).is_none_or(|protocol| protocol != PROTOCOL) {
        return Err(Error::invalid("Upgrade", format!("the connection must become one of `{PROTOCOL}`")).into());
    }
    let upgrade = hyper::upgrade::on(&mut request);
    let (agent, session) = tenancy.tenant_exec(&id).await?;
    let asks = async move {
        let upgraded = upgrade.await.map_err(|error| Error::unavailable("the asking side", error))?;
        Ok(TokioIo::new(upgraded))
    };
    tenancy.session_carry(id, asks, session);
    let workload = HeaderValue::try_from(agent.workload.0).map_err(|_| Error::internal("a workload has no name"))?;
    let headers = [
        (header::CONNECTION.as_str(), HeaderValue::from_static("upgrade")),
        (header::UPGRADE.as_str(), HeaderValue::from_static(PROTOCOL)),
        (WORKLOAD_HEADER, workload),
    ];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response())
}
