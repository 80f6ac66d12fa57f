//! Every driver of journals.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::time::Duration;

use super::id;
use crate::{
    api::{
        WakeView,
        feed::EventLine,
        journal::{JournalLine, Level, Source},
    },
    clock::{Clock, ManualClock, Stopwatch, Timestamp},
    ports::journals::{Cursor, EVENTS_KEPT, EventsRead, Journals, KEPT, Read},
    tenant::{TenantId, WakePhases},
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! journals_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(journals, $driver, [$($reason)?], [
            lines_are_read_back_whole_and_in_order,
            of_many_lines_the_last_are_read_and_those_of_late,
            the_oldest_lines_go,
            whoever_reads_on_gets_every_line_once,
            whoever_waits_is_given_what_comes_and_nothing_of_others,
            whoever_waits_in_vain_is_given_nothing_in_time,
            of_a_purged_tenant_no_line_is_left,
            events_are_read_back_of_one_tenant_and_of_all,
            whoever_reads_events_on_gets_each_once,
            the_oldest_events_of_a_tenant_go_and_others_stay,
        ]);
    };
}

/// Longer than any wait takes.
const SOON: Duration = Duration::from_secs(20);

fn line(at: Timestamp, text: &str) -> JournalLine {
    JournalLine {
        at,
        source: Source::Router,
        level: Some(Level::Debug),
        request_id: None,
        instance: None,
        text: text.to_owned(),
    }
}

/// Appends a line of this text to a tenant's journal.
async fn tell(port: &dyn Journals, tenant: &str, at: Timestamp, texts: &[&str]) {
    let lines: Vec<(TenantId, JournalLine)> = texts.iter().map(|text| (id(tenant), line(at, text))).collect();
    port.journal_append(&lines).await.unwrap();
}

fn texts(read: &Read) -> Vec<&str> {
    read.lines.iter().map(|line| line.text.as_str()).collect()
}

async fn all(port: &dyn Journals, tenant: &str) -> Read {
    port.journal_read(&id(tenant), Timestamp::default(), KEPT).await.unwrap()
}

pub async fn lines_are_read_back_whole_and_in_order(port: &dyn Journals, clock: &ManualClock) {
    assert!(all(port, "acme").await.lines.is_empty());
    let now = clock.now();
    let whole = JournalLine {
        at: now,
        source: Source::Agentd,
        level: Some(Level::Error),
        request_id: Some("123-45".to_owned()),
        instance: Some("ztm-0".to_owned()),
        text: "said \"so\"\nand \u{1f304}".to_owned(),
    };
    // Whoever told it has a clock of its own: written is written.
    let earlier = line(now - Duration::from_secs(9), "earlier, and later written");
    let rows = [
        (id("acme"), whole.clone()),
        (id("b"), line(now, "of another")),
        (id("acme"), earlier.clone()),
        (id("acme"), earlier.clone()),
    ];
    port.journal_append(&rows).await.unwrap();
    assert_eq!(all(port, "acme").await.lines, [whole, earlier.clone(), earlier]);
    assert_eq!(texts(&all(port, "b").await), ["of another"]);
    port.journal_append(&[]).await.unwrap();
}

pub async fn of_many_lines_the_last_are_read_and_those_of_late(port: &dyn Journals, clock: &ManualClock) {
    let now = clock.now();
    for (minute, text) in [(0, "a"), (1, "b"), (2, "c")] {
        tell(port, "acme", now + Duration::from_mins(minute), &[text]).await;
    }
    let read = |since, limit| async move { port.journal_read(&id("acme"), since, limit).await.unwrap() };
    assert_eq!(texts(&read(now, 2).await), ["b", "c"]);
    assert_eq!(texts(&read(now + Duration::from_mins(1), 9).await), ["b", "c"]);
    assert_eq!(texts(&read(now + Duration::from_mins(3), 9).await), [""; 0]);
    assert_eq!(texts(&read(now, 0).await), [""; 0]);
}

pub async fn the_oldest_lines_go(port: &dyn Journals, clock: &ManualClock) {
    tell(port, "b", clock.now(), &["stays"]).await;
    let many: Vec<String> = (0..KEPT + 7).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for part in many.chunks(50) {
        tell(port, "acme", clock.now(), part).await;
    }
    assert_eq!(texts(&port.journal_read(&id("acme"), Timestamp::default(), 9_999).await.unwrap()), many[7..]);
    assert_eq!(texts(&all(port, "b").await), ["stays"]);
}

pub async fn whoever_reads_on_gets_every_line_once(port: &dyn Journals, clock: &ManualClock) {
    let now = clock.now();
    let none = all(port, "acme").await;
    tell(port, "acme", now, &["a", "b"]).await;
    // What is read does not say where it ends: what there is does.
    let some = port.journal_read(&id("acme"), now + Duration::from_secs(1), 9).await.unwrap();
    assert!(some.lines.is_empty());
    tell(port, "acme", now, &["c"]).await;
    let next = |after: Cursor| async move { port.journal_next(&id("acme"), &after, SOON).await.unwrap() };
    assert_eq!(texts(&next(none.end).await), ["a", "b", "c"]);
    let read = next(some.end).await;
    assert_eq!(texts(&read), ["c"]);
    tell(port, "acme", now, &["d"]).await;
    assert_eq!(texts(&next(read.end).await), ["d"]);
}

pub async fn whoever_waits_is_given_what_comes_and_nothing_of_others(port: &dyn Journals, clock: &ManualClock) {
    tell(port, "acme", clock.now(), &["a"]).await;
    let end = all(port, "acme").await.end;
    let acme = id("acme");
    let waiting = port.journal_next(&acme, &end, SOON);
    let telling = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        tell(port, "b", clock.now(), &["of another"]).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        tell(port, "acme", clock.now(), &["b"]).await;
    };
    let watch = Stopwatch::start();
    let (read, ()) = tokio::join!(waiting, telling);
    assert_eq!(texts(&read.unwrap()), ["b"]);
    assert!(watch.elapsed() < SOON / 2, "it was not woken");
}

pub async fn whoever_waits_in_vain_is_given_nothing_in_time(port: &dyn Journals, clock: &ManualClock) {
    tell(port, "acme", clock.now(), &["a"]).await;
    let end = all(port, "acme").await.end;
    let acme = id("acme");
    let waiting = port.journal_next(&acme, &end, Duration::from_millis(300));
    let read = tokio::time::timeout(SOON, waiting).await.unwrap().unwrap();
    assert!(read.lines.is_empty());
    tell(port, "acme", clock.now(), &["b"]).await;
    assert_eq!(texts(&port.journal_next(&acme, &read.end, SOON).await.unwrap()), ["b"]);
}

pub async fn of_a_purged_tenant_no_line_is_left(port: &dyn Journals, clock: &ManualClock) {
    tell(port, "acme", clock.now(), &["a", "b"]).await;
    tell(port, "b", clock.now(), &["stays"]).await;
    let end = all(port, "acme").await.end;
    for _ in 0..2 {
        port.journal_purge(&id("acme")).await.unwrap();
    }
    assert!(all(port, "acme").await.lines.is_empty());
    assert_eq!(texts(&all(port, "b").await), ["stays"]);
    // Whoever read on is told what a later tenant of this name does.
    tokio::time::sleep(Duration::from_millis(2)).await;
    tell(port, "acme", clock.now(), &["anew"]).await;
    assert_eq!(texts(&port.journal_next(&id("acme"), &end, SOON).await.unwrap()), ["anew"]);
}

fn event(tenant: &str, at: Timestamp, text: &str) -> EventLine {
    EventLine { at, tenant: Some(tenant.to_owned()), what: "stopped".to_owned(), text: text.to_owned(), wake: None }
}

fn said(read: &EventsRead) -> Vec<&str> {
    read.events.iter().map(|event| event.text.as_str()).collect()
}

pub async fn events_are_read_back_of_one_tenant_and_of_all(port: &dyn Journals, clock: &ManualClock) {
    let (now, acme) = (clock.now(), id("acme"));
    assert!(port.events_read(None, 9).await.unwrap().events.is_empty());
    let total = Duration::from_micros(25_600);
    let wake = Some(WakeView::from(&WakePhases { warm: true, total, ..WakePhases::default() }));
    let whole = EventLine { what: "woken".to_owned(), wake, ..event("acme", now, "said \"so\"\n\u{1f304}") };
    // Written is written, whatever its clock says.
    let earlier = event("acme", now - Duration::from_secs(9), "earlier");
    port.events_append(&[whole.clone(), event("b", now, "of another"), earlier.clone()]).await.unwrap();
    port.events_append(&[]).await.unwrap();
    assert_eq!(port.events_read(Some(&acme), 9).await.unwrap().events, [whole.clone(), earlier.clone()]);
    assert_eq!(port.events_read(None, 9).await.unwrap().events, [whole, event("b", now, "of another"), earlier]);
    assert_eq!(said(&port.events_read(None, 2).await.unwrap()), ["of another", "earlier"]);
    assert_eq!(said(&port.events_read(Some(&acme), 1).await.unwrap()), ["earlier"]);
    assert_eq!(said(&port.events_read(None, 0).await.unwrap()), [""; 0]);
    assert!(port.events_read(Some(&id("nobody")), 9).await.unwrap().events.is_empty());
}

pub async fn whoever_reads_events_on_gets_each_once(port: &dyn Journals, clock: &ManualClock) {
    let now = clock.now();
    let none = port.events_read(None, 9).await.unwrap().end;
    assert!(port.events_next(&none).await.unwrap().events.is_empty());
    port.events_append(&[event("acme", now, "a"), event("b", now, "b")]).await.unwrap();
    let first = port.events_next(&none).await.unwrap();
    assert_eq!(said(&first), ["a", "b"]);
    // Of many the last are read, and it goes on behind them; where none is asked for, too.
    for limit in [0, 1, 9] {
        let end = port.events_read(None, limit).await.unwrap().end;
        assert!(port.events_next(&end).await.unwrap().events.is_empty(), "{limit}");
    }
    let unchanged = port.events_next(&first.end).await.unwrap();
    port.events_append(&[event("acme", now, "c")]).await.unwrap();
    assert_eq!(said(&port.events_next(&unchanged.end).await.unwrap()), ["c"]);
}

pub async fn the_oldest_events_of_a_tenant_go_and_others_stay(port: &dyn Journals, clock: &ManualClock) {
    port.events_append(&[event("b", clock.now(), "stays")]).await.unwrap();
    let many: Vec<EventLine> =
        (0..EVENTS_KEPT + 7).map(|number| event("acme", clock.now(), &number.to_string())).collect();
    for part in many.chunks(30) {
        port.events_append(part).await.unwrap();
    }
    assert_eq!(port.events_read(Some(&id("acme")), 9_999).await.unwrap().events, many[7..]);
    assert_eq!(said(&port.events_read(Some(&id("b")), 9).await.unwrap()), ["stays"]);
}
