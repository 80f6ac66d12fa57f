//! Every driver of wake-up signals.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::time::Duration;

use crate::{
    clock::ManualClock,
    ports::signals::{Signal, Signals},
    tenant::TenantId,
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! signals_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(signals, $driver, [$($reason)?], [
            a_signal_that_nobody_hears_is_no_error,
            a_signal_is_heard_by_who_listens,
            signals_that_came_before_the_wait_are_heard,
            who_stops_listening_and_begins_again_hears,
            a_signal_says_where_something_changed,
            a_thousand_signals_that_nobody_reads_hold_nobody_up,
        ]);
    };
}

/// How long a signal may take.
const SOON: Duration = Duration::from_secs(10);

pub async fn a_signal_that_nobody_hears_is_no_error(port: &dyn Signals, _: &ManualClock) {
    port.signal_send(&Signal::Records).await.unwrap();
    drop(port.signal_listen().await.unwrap());
    port.signal_send(&Signal::Records).await.unwrap();
}

pub async fn a_signal_is_heard_by_who_listens(port: &dyn Signals, _: &ManualClock) {
    port.signal_send(&Signal::Records).await.unwrap();
    let mut listener = port.signal_listen().await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), listener.signal_next()).await;
    assert!(early.is_err(), "nothing was said since: {early:?}");
    let (heard, sent) = tokio::join!(tokio::time::timeout(SOON, listener.signal_next()), async {
        port.signal_send(&Signal::Records).await
    });
    heard.unwrap().unwrap();
    sent.unwrap();
}

pub async fn signals_that_came_before_the_wait_are_heard(port: &dyn Signals, _: &ManualClock) {
    let mut listener = port.signal_listen().await.unwrap();
    port.signal_send(&Signal::Records).await.unwrap();
    port.signal_send(&Signal::Records).await.unwrap();
    tokio::time::timeout(SOON, listener.signal_next()).await.unwrap().unwrap();
}

pub async fn who_stops_listening_and_begins_again_hears(port: &dyn Signals, _: &ManualClock) {
    drop(port.signal_listen().await.unwrap());
    let mut listener = port.signal_listen().await.unwrap();
    port.signal_send(&Signal::Records).await.unwrap();
    tokio::time::timeout(SOON, listener.signal_next()).await.unwrap().unwrap();
}

pub async fn a_signal_says_where_something_changed(port: &dyn Signals, _: &ManualClock) {
    let mut listener = port.signal_listen().await.unwrap();
    let longest = "a".repeat(TenantId::MAX_LEN);
    let update = |tenant: &str| Signal::Update(tenant.parse().unwrap());
    let unlocked = |tenant: &str| Signal::Unlocked(tenant.parse().unwrap());
    for signal in [
        update("acme"),
        Signal::Records,
        Signal::Deadline,
        Signal::Wake,
        unlocked("acme"),
        unlocked(&longest),
        update(&longest),
    ] {
        port.signal_send(&signal).await.unwrap();
        let heard = tokio::time::timeout(SOON, listener.signal_next()).await.unwrap().unwrap();
        assert_eq!(heard, signal);
    }
}

pub async fn a_thousand_signals_that_nobody_reads_hold_nobody_up(port: &dyn Signals, _: &ManualClock) {
    let mut listener = port.signal_listen().await.unwrap();
    let sending = async {
        for _ in 0..1_000 {
            port.signal_send(&Signal::Records).await.unwrap();
        }
    };
    tokio::time::timeout(SOON, sending).await.unwrap();
    tokio::time::timeout(SOON, listener.signal_next()).await.unwrap().unwrap();
}
