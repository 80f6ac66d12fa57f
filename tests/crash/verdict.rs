//! What must be true once all jobs of a run have ended, found from the store and the ledger.

use std::collections::BTreeMap;

use libtenancy::{
    jobs::Job,
    ledger::{Audit, AuditResult, RowKind},
    ports::{jobs::JobFilter, ledgers::RowFilter},
};

use crate::{store::Plane, troupe::Troupe};

/// Every job of the store.
pub(crate) async fn jobs(plane: &Plane) -> Vec<Job> {
    let mut all: Vec<Job> = Vec::new();
    loop {
        let after = all.last().map(|job| job.id.clone());
        let page = plane.jobs.job_list(&JobFilter::default(), after.as_ref(), 1_000).await.unwrap();
        let full = page.len() == 1_000;
        all.extend(page);
        if !full {
            return all;
        }
    }
}

/// What the ledger says of one job, in order.
#[derive(Default)]
struct Story {
    leased: bool,
    succeeded: u32,
}

/// Every accepted job is there and over; none had two leases at once; each was paid for once; no credit was made or lost.
/// Where the store `forgot`, jobs may be missing that were submitted in the window it lost, and the use of an attempt.
pub(crate) async fn all_is_accounted_for(plane: &Plane, troupe: &Troupe, forgot: bool) -> AuditResult {
    let jobs = jobs(plane).await;
    assert!(jobs.len() as u64 <= troupe.jobs, "a job was taken twice");
    assert!(forgot || jobs.len() as u64 == troupe.jobs, "a job was lost");
    println!("{} of {} jobs are there", jobs.len(), troupe.jobs);
    assert!(jobs.iter().all(|job| job.state.is_terminal()));
    let succeeded: Vec<&Job> = jobs.iter().filter(|job| job.state.label() == "succeeded").collect();
    println!("{} succeeded, {} dead", succeeded.len(), jobs.len() - succeeded.len());

    let mut audit = Audit::new(0);
    let mut stories: BTreeMap<(String, String), Story> = BTreeMap::new();
    let mut spent: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = plane.ledgers.ledger_rows(0, &RowFilter::default(), after, 5_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.row.seq;
        for entry in &page {
            let row = &entry.row;
            audit.row(row, &entry.hash);
            let key = (row.tenant.to_string(), row.reference.clone());
            let story = stories.entry(key.clone()).or_default();
            *spent.entry(key).or_default() += row.deltas.spent.0;
            match (row.kind, row.label.as_str()) {
                (RowKind::Hold, "claim") => {
                    assert!(!story.leased, "{} has two leases at row {}", row.reference, row.seq);
                    story.leased = true;
                }
                (RowKind::Settle | RowKind::Reclaim, label) => {
                    // One that was leased before the copy of the store was made ends after it came back.
                    assert!(story.leased || forgot, "{} ended without a lease at row {}", row.reference, row.seq);
                    story.leased = false;
                    story.succeeded += u32::from(label == "succeeded");
                }
                (RowKind::Rollback, _) => {
                    // The leases that the store forgot are nobody's any more.
                    for (_, story) in stories.iter_mut().filter(|((tenant, _), _)| *tenant == row.tenant.as_str()) {
                        story.leased = false;
                    }
                }
                _ => {}
            }
        }
    }
    let result = audit.finish();
    assert_eq!(result.violations, [], "the ledger");
    assert!(stories.values().all(|story| !story.leased), "a lease was never ended");
    for job in &succeeded {
        let key = (job.id.tenant().to_string(), job.id.serial().to_owned());
        let paid = stories.get(&key).map_or(0, |story| story.succeeded);
        assert!(paid == 1 || (forgot && paid == 0), "{} was paid for {paid} times", job.id);
    }
    for job in jobs.iter().filter(|_| !forgot) {
        let key = (job.id.tenant().to_string(), job.id.serial().to_owned());
        assert_eq!(spent[&key], job.used.0, "{} says another use than the ledger", job.id);
    }
    for (tenant, totals) in &result.tenants {
        assert_eq!(totals.held.0, 0, "{tenant} still holds credits");
        assert_eq!(totals.imbalance().0, 0, "{tenant}");
        let account = plane.quotas.account_get(tenant).await.unwrap().unwrap();
        assert_eq!((account.held, account.running), (totals.held, 0), "{tenant}");
        assert!(account.available() >= totals.available, "{tenant}: only a refill can have come since");
    }
    println!("{} rows, {} tenants: the equation holds", result.rows, result.tenants.len());
    result
}
