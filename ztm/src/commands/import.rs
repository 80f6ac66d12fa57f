//! `ztm import`.

use anyhow::Result;
use futures::{StreamExt, stream};
use libtenancy::{
    Error,
    api::CreateTenant,
    drivers::{
        dynamodb::{DynamoDb, SeedRow},
        telegram::bot_id_of,
    },
    secret::Keyring,
    tenant::TenantId,
};

use crate::{
    cli::{global::GlobalArgs, import::ImportArgs},
    client::Client,
    commands::Context,
    exit::{self, BadNews, Usage},
    manifest::Change,
    settings::Settings,
    view::{
        apply::{Applied, AppliedList},
        counted,
    },
};

/// How many tenants are made at once.
const AT_ONCE: usize = 8;

/// Makes tenants of another table's rows, and prints what became of each.
pub async fn import(ctx: &Context, args: &ImportArgs) -> Result<()> {
    let from = Settings::resolve(GlobalArgs { context: Some(args.from.clone()), ..GlobalArgs::default() })?;
    let Some(server) = from.context.servers.dynamodb.as_ref().filter(|_| from.context.stores.on_dynamodb()) else {
        let message = format!("context `{}` has no table of DynamoDB", args.from);
        let hint = "`ztm help contexts` shows how a context says where its stores are".to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    };
    if ctx.settings.context.stores.on_dynamodb() && ctx.settings.context.servers.dynamodb.as_ref() == Some(server) {
        let message = "the context in use has that very table: its rows are its tenants already".to_owned();
        return Err(Usage { message, hint: Some("`ztm tenant list` shows them".to_owned()) }.into());
    }
    // Nothing is sealed by a look.
    let table = Box::pin(DynamoDb::open(server.into(), Keyring::fresh()?.into())).await?;
    let rows = table.seed_rows().await?;
    if rows.is_empty() {
        ctx.printer.note("there are no rows in that table");
    }
    let client = ctx.client().await?;
    let one = async |row: &SeedRow| {
        let done = tenant(&client, row, args.dry_run.is_some()).await;
        let (result, changes, error) = match done {
            Ok((result, changes)) => (result, changes, None),
            Err(error) => {
                let error = anyhow::Error::new(error);
                ("failed", Vec::new(), Some((exit::code(&error).to_owned(), format!("{error:#}")).into()))
            }
        };
        Applied { tenant_id: row.id.clone(), result: result.to_owned(), changes, error }
    };
    let results = AppliedList {
        results: stream::iter(&rows).map(one).buffered(AT_ONCE).collect().await,
        dry_run: args.dry_run.is_some(),
    };
    let failed = results.failed();
    ctx.printer.show(&results)?;
    if args.dry_run.is_some() {
        ctx.printer.note("nothing was made");
    }
    match failed {
        0 => Ok(()),
        failed => Err(BadNews {
            code: "partly_done",
            message: format!("{failed} of {} could not be imported", counted(rows.len(), "row")),
            hint: Some("the same command tries those again, and changes nothing else".to_owned()),
        }
        .into()),
    }
}

/// Makes a tenant of a row. What cannot be one by itself is an error that says what a person can do.
async fn tenant(client: &Client, row: &SeedRow, dry_run: bool) -> libtenancy::Result<(&'static str, Vec<Change>)> {
    let id: TenantId = row.id.parse()?;
    match client.tenant_get(id.as_str()).await {
        Ok(_) => return Ok(("unchanged", Vec::new())),
        Err(Error::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    if row.taken_over && row.bot_token.is_none() {
        let why = "a control plane with keys of its own has sealed its token; create it with `--bot-token-file`";
        return Err(Error::invalid("bot token", why));
    }
    let bot = row.bot_token.as_ref().map(bot_id_of).transpose()?;
    let said = |field: &str, to: String| Change { field: field.to_owned(), from: None, to: Some(to) };
    let seconds = row.idle_timeout.as_secs().max(1);
    let mut changes = vec![said("idle_timeout_s", seconds.to_string())];
    changes.extend(bot.map(|bot| said("bot", bot.to_string())));
    if !dry_run {
        let new = CreateTenant {
            tenant_id: id.to_string(),
            bot_token: row.bot_token.as_ref().map(|token| token.expose().to_owned()),
            idle_timeout_s: i64::try_from(seconds).ok(),
            ..CreateTenant::default()
        };
        client.tenant_create(new).await?;
    }
    Ok(("created", changes))
}
