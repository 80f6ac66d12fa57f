//! `ztm status`.

use anyhow::Result;

use crate::{commands::Context, view::plane::PlaneStatus};

/// Prints the control plane in numbers.
pub async fn status(ctx: &Context) -> Result<()> {
    let client = ctx.client().await?;
    let plane = client.plane("`ztm status`")?;
    let (status, router_healthy) = tokio::join!(client.status(), plane.router_healthy());
    ctx.printer.show(&PlaneStatus {
        orchestrator_url: plane.orchestrator().to_owned(),
        router_url: plane.router().map(str::to_owned),
        router_healthy,
        status: status?,
    })
}
