//! `ztm quota set`.

use anyhow::Result;
use libtenancy::{
    Error,
    api::quotas::{BudgetBody, SetQuota},
    credits::MicroCredits,
    quota::{Period, credits_for_money},
};

use crate::{
    cli::{quantity, quota::QuotaSetArgs},
    commands::Context,
};

/// Changes a quota and prints it.
pub async fn set(ctx: &Context, args: QuotaSetArgs) -> Result<()> {
    let budget = budget(&args)?;
    if args.soft && budget.is_none() {
        return Err(
            Error::invalid("soft", "it says how a budget is meant: give `--budget` or `--budget-money` too").into()
        );
    }
    let change = SetQuota {
        rate_per_sec: args.rate,
        burst: args.burst,
        weight: args.weight,
        max_running: args.max_running,
        budget,
        no_budget: args.no_budget,
    };
    ctx.printer.show(&ctx.client().await?.quota_set(&args.tenant, change).await?)
}

fn budget(args: &QuotaSetArgs) -> Result<Option<BudgetBody>> {
    let (field, text) = match (&args.budget, &args.budget_money) {
        (Some(text), _) => ("budget", text),
        (None, Some(text)) => ("budget_money", text),
        (None, None) => return Ok(None),
    };
    let wrong = || Error::invalid(field, format!("`{text}` must be AMOUNT/day, AMOUNT/week or AMOUNT/month"));
    let (amount, period) = text.split_once('/').ok_or_else(wrong)?;
    let period = Period::from_label(period).ok_or_else(wrong)?;
    let credits = match args.price {
        Some(price) => {
            let money = quantity::money(amount).map_err(|reason| Error::invalid(field, reason))?;
            credits_for_money(money, price)?
        }
        None => quantity::credits(amount).map_err(|reason| Error::invalid(field, reason))?,
    };
    if credits < MicroCredits::ZERO {
        return Err(Error::invalid(field, format!("`{text}` is below 0")).into());
    }
    Ok(Some(BudgetBody { period: period.label().to_owned(), credits, hard: !args.soft }))
}
