//! `ztm status`.

use anyhow::Result;
use libtenancy::{
    clock::{Clock, SystemClock},
    credits::MicroCredits,
    spend::By,
};

use crate::{
    client::{Client, Rows},
    commands::Context,
    exit::{self, Hinted},
    view::plane::PlaneStatus,
};

/// What was spent since the day began (UTC); nothing if the ledger does not say.
pub(super) async fn spent_today(client: &Client) -> Option<MicroCredits> {
    let today: String = SystemClock::default().now().to_string().chars().take(10).collect();
    let rows = Rows { from: format!("{today}T00:00:00Z").parse().ok(), ..Rows::default() };
    client.spend_report(By::Day, &rows).await.ok().map(|report| report.total.spent)
}

/// Prints the control plane in numbers.
pub async fn status(ctx: &Context) -> Result<()> {
    let client = ctx.client().await?;
    let plane = client.plane("`ztm status`").map_err(|error| {
        let hint = exit::hint(&anyhow::Error::new(error.clone())).unwrap_or_default();
        Hinted::new(error, format!("{hint}; `ztm top --once` shows what its stores say"))
    })?;
    let (status, router_healthy, spent_today) =
        tokio::join!(client.status(), plane.router_healthy(), spent_today(&client));
    ctx.printer.show(&PlaneStatus {
        orchestrator_url: plane.orchestrator().to_owned(),
        router_url: plane.router().map(str::to_owned),
        router_healthy,
        spent_today,
        status: status?,
    })
}
