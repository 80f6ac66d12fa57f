//! Spend: the report, the audit, the ledger's rows.

use axum::{Json, extract::State};
use libtenancy::{
    Error, Tenancy,
    api::spend::{AuditReport, LedgerRows, SpendReport},
    clock::Timestamp,
    ports::ledgers::RowFilter,
    spend::{By, filter_checked},
    tenant::TenantId,
};
use serde::Deserialize;

use super::{Answer, Asked, MAX_PAGE, PAGE, label, within};

fn time(field: &'static str, text: Option<String>) -> libtenancy::Result<Option<Timestamp>> {
    let read = |text: String| {
        text.parse().map_err(|_| Error::invalid(field, format!("{text:?} must be a time as RFC 3339 has it")))
    };
    text.filter(|text| !text.is_empty()).map(read).transpose()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportQuery {
    by: Option<String>,
    tenant: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

pub(super) async fn report(
    State(tenancy): State<Tenancy>,
    Asked(query): Asked<ReportQuery>,
) -> Answer<Json<SpendReport>> {
    let by = label("by", query.by, &By::LABELS)?.and_then(|by| By::from_label(&by)).unwrap_or(By::Tenant);
    let filter = filter_checked(RowFilter {
        tenant: query.tenant.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()?,
        kind: None,
        from: time("from", query.from)?,
        to: time("to", query.to)?,
    })?;
    Ok(Json(tenancy.spend_report(by, &filter).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    tenant: Option<String>,
}

pub(super) async fn audit(
    State(tenancy): State<Tenancy>,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Json<AuditReport>> {
    let tenant: Option<TenantId> = query.tenant.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()?;
    Ok(Json(tenancy.spend_audit(tenant.as_ref()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RowsQuery {
    tenant: Option<String>,
    from: Option<String>,
    to: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn rows(State(tenancy): State<Tenancy>, Asked(query): Asked<RowsQuery>) -> Answer<Json<LedgerRows>> {
    let filter = filter_checked(RowFilter {
        tenant: query.tenant.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()?,
        kind: None,
        from: time("from", query.from)?,
        to: time("to", query.to)?,
    })?;
    let after = query.after.filter(|after| !after.is_empty());
    let limit = within("limit", query.limit, PAGE, MAX_PAGE)?;
    Ok(Json(tenancy.spend_rows(&filter, after.as_deref(), limit).await?))
}
