//! Every case of a suite is in its macro's list, so that none is written and never run.

const SUITES: [(&str, &[&str]); 11] = [
    (
        "inboxes",
        &[
            include_str!("../../libtenancy/src/conformance/inboxes.rs"),
            include_str!("../../libtenancy/src/conformance/inboxes/delivery.rs"),
            include_str!("../../libtenancy/src/conformance/inboxes/operators.rs"),
        ],
    ),
    ("deadlines", &[include_str!("../../libtenancy/src/conformance/deadlines.rs")]),
    ("endpoints", &[include_str!("../../libtenancy/src/conformance/endpoints.rs")]),
    (
        "jobs",
        &[
            include_str!("../../libtenancy/src/conformance/jobs.rs"),
            include_str!("../../libtenancy/src/conformance/jobs/claims.rs"),
            include_str!("../../libtenancy/src/conformance/jobs/endings.rs"),
            include_str!("../../libtenancy/src/conformance/jobs/leases.rs"),
            include_str!("../../libtenancy/src/conformance/jobs/operators.rs"),
        ],
    ),
    ("ledgers", &[include_str!("../../libtenancy/src/conformance/ledgers.rs")]),
    (
        "quotas",
        &[
            include_str!("../../libtenancy/src/conformance/quotas.rs"),
            include_str!("../../libtenancy/src/conformance/quotas/rows.rs"),
            include_str!("../../libtenancy/src/conformance/quotas/turns.rs"),
        ],
    ),
    ("leaders", &[include_str!("../../libtenancy/src/conformance/leaders.rs")]),
    ("signals", &[include_str!("../../libtenancy/src/conformance/signals.rs")]),
    ("snapshots", &[include_str!("../../libtenancy/src/conformance/snapshots.rs")]),
    ("tenants", &[include_str!("../../libtenancy/src/conformance/tenants.rs")]),
    ("wake_locks", &[include_str!("../../libtenancy/src/conformance/wake_locks.rs")]),
];

#[test]
fn every_case_is_in_its_macros_list() {
    for (port, sources) in SUITES {
        let (_, list) = sources[0].split_once("conformance_tests!").unwrap();
        let (_, list) = list.split_once("], [").unwrap();
        let (list, _) = list.split_once("]);").unwrap();
        let mut listed: Vec<&str> = list.split(',').map(str::trim).filter(|case| !case.is_empty()).collect();
        let mut written: Vec<&str> = sources
            .iter()
            .flat_map(|source| source.split("\npub async fn ").skip(1))
            .filter_map(|case| case.split(['(', '<']).next())
            .collect();
        listed.sort_unstable();
        written.sort_unstable();
        assert_eq!(listed, written, "{port}");
    }
}
