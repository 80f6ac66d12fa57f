//! The numbers of the control plane, for Prometheus.

use axum::{extract::State, response::Response};
use libtenancy::Tenancy;

use super::Answer;
use crate::prometheus::Page;

pub(super) async fn metrics(State(tenancy): State<Tenancy>) -> Answer<Response> {
    let status = tenancy.status().await?;
    // A partition that is being told what it forgot is a number too, and no reason to show none.
    let queues = tenancy.queue_views().await;
    let readable = queues.is_ok();
    let queues = queues.unwrap_or_default();
    let mut page = Page::default();
    page.updates(&tenancy.updates_total());
    // What does not answer has no sample: nothing is not none.
    if let Some(tenants) = &status.tenants {
        page.family("ztm_tenants", "gauge", "Tenants by status.");
        for (label, count) in tenants {
            page.sample("ztm_tenants", &[("status", label)], count);
        }
    }
    if let Some(inbox) = &status.inbox {
        page.one("ztm_inbox_pending", "gauge", "Updates that are not terminal.", inbox.pending);
        page.one("ztm_inbox_dead", "gauge", "Updates that were given up.", inbox.dead);
    }
    page.family("ztm_wakes_total", "counter", "Agents woken by kind.");
    for (kind, count) in &status.wakes_total {
        page.sample("ztm_wakes_total", &[("kind", kind)], count);
    }
    page.one(
        "ztm_state_fallbacks_total",
        "counter",
        "Older archives that took the place of damaged ones.",
        status.state_fallbacks,
    );
    page.one("ztm_warm_target", "gauge", "Unbound agents that there should be.", status.warm_target);
    page.one("ztm_warm_ready", "gauge", "Unbound agents that are ready.", status.warm_ready);
    page.one("ztm_leader", "gauge", "Whether this process leads.", u8::from(status.leader));
    page.family("ztm_decisions_total", "counter", "Decisions of admission by their code.");
    for (code, count) in &status.decisions {
        page.sample("ztm_decisions_total", &[("code", code)], count);
    }
    let ledger = &status.ledger;
    page.one("ztm_ledger_rows_total", "counter", "Rows copied to the ledger.", ledger.appended);
    page.one("ztm_ledger_rollbacks_total", "counter", "Stores found to have forgotten.", ledger.rollbacks);
    page.one("ztm_ledger_lost_rows_total", "counter", "Rows forgotten before they were copied.", ledger.lost_rows);
    page.one("ztm_ledger_failing", "gauge", "Whether the last copy failed.", u8::from(ledger.failing.is_some()));
    page.one("ztm_queues_readable", "gauge", "Whether every queue could be read.", u8::from(readable));
    for (name, kind, help) in [
        ("ztm_queue_leases", "gauge", "Jobs that run."),
        ("ztm_queue_capacity", "gauge", "Jobs that may run at once; 0 is no limit."),
        ("ztm_queue_ready_tenants", "gauge", "Tenants that take their turn."),
        ("ztm_queue_delayed", "gauge", "Delayed jobs and parked tenants."),
        ("ztm_queue_recovered_total", "counter", "Leases that lapsed and were put back."),
    ] {
        page.family(name, kind, help);
        for (partition, queue) in (0_u16..).zip(&queues) {
            let value = match name {
                "ztm_queue_leases" => queue.leases,
                "ztm_queue_capacity" => u64::from(queue.capacity),
                "ztm_queue_ready_tenants" => queue.ready_count,
                "ztm_queue_delayed" => queue.delayed,
                _ => queue.recovered,
            };
            page.sample(name, &[("partition", &partition.to_string())], value);
        }
    }
    page.memory(status.memory_bytes);
    Ok(page.answer())
}
