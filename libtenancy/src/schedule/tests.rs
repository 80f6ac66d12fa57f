use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn said(text: &str) -> Action {
    Action::Message { chat_id: 7, text: text.to_owned() }
}

fn schedule(cron: &str, zone: &str, catch_up: CatchUp, since: &str) -> Schedule {
    Schedule::new(ScheduleSpec::new(cron, zone, said("hi")).unwrap().with_catch_up(catch_up), at(since))
}

#[test]
fn times_are_those_of_the_clock_on_the_wall() {
    let nine = schedule("0 9 * * MON-FRI", "Europe/Berlin", CatchUp::Once, "2026-03-27T12:00:00Z");
    // Friday, and on Sunday the clocks go forward.
    assert_eq!(nine.next(at("2026-03-27T12:00:00Z")), Some(at("2026-03-30T07:00:00Z")));
    assert_eq!(nine.next(at("2026-03-30T07:00:00Z")), Some(at("2026-03-31T07:00:00Z")));
    // 02:30 is not on that Sunday's clock: once, right after the gap.
    let gap = schedule("30 2 * * *", "Europe/Berlin", CatchUp::All, "2026-03-28T12:00:00Z");
    let due = gap.due(at("2026-03-30T12:00:00Z"));
    assert_eq!(due.len(), 2, "{due:?}");
    assert!((at("2026-03-29T01:00:00Z")..=at("2026-03-29T01:30:00Z")).contains(&due[0]), "{due:?}");
    // 02:30 is twice on the clock of 25 October: once.
    let twice = schedule("30 2 * * *", "Europe/Berlin", CatchUp::All, "2026-10-24T12:00:00Z");
    assert_eq!(twice.due(at("2026-10-25T12:00:00Z")).len(), 1);
}

#[test]
fn what_was_missed_is_made_up_for_as_was_said() {
    let since = "2026-11-29T00:30:00Z";
    let due = |catch_up, now: &str| schedule("@hourly", "UTC", catch_up, since).due(at(now));
    for catch_up in [CatchUp::Skip, CatchUp::Once, CatchUp::All] {
        assert_eq!(due(catch_up, "2026-11-29T00:59:59Z"), []);
        assert_eq!(due(catch_up, "2026-11-29T01:00:00Z"), [at("2026-11-29T01:00:00Z")], "to the second");
        assert_eq!(due(catch_up, "2026-11-29T01:00:59Z").len(), 1, "a failover is not missed");
    }
    let late = "2026-11-29T04:10:00Z";
    assert_eq!(due(CatchUp::Skip, late), []);
    assert_eq!(due(CatchUp::Once, late), [at("2026-11-29T04:00:00Z")]);
    let all = due(CatchUp::All, late);
    assert_eq!((all.len(), all[0], all[3]), (4, at("2026-11-29T01:00:00Z"), at("2026-11-29T04:00:00Z")));
    let year = due(CatchUp::All, "2027-11-29T04:10:00Z");
    assert_eq!((year.len(), year[MAX_CATCH_UP - 1]), (MAX_CATCH_UP, at("2027-11-29T04:00:00Z")));
    // Fired and noted, none of them is due again.
    let schedules = Schedules::default()
        .changed(
            &[("x".parse().unwrap(), Step::Set(schedule("@hourly", "UTC", CatchUp::All, since).spec, at(since)))]
                .into(),
        )
        .unwrap();
    let noted = schedules.changed(&[("x".parse().unwrap(), Step::Handled(all[3], None))].into()).unwrap();
    assert_eq!(noted.next(at(late)), Some(at("2026-11-29T05:00:00Z")));
    assert_eq!(schedules.next(at(late)), Some(at(late)), "what is due is looked at now");
}

#[test]
fn a_paused_one_is_never_due_and_misses_what_passes() {
    let name: ScheduleName = "x".parse().unwrap();
    let spec = ScheduleSpec::new("@hourly", "UTC", said("hi")).unwrap();
    let set = |schedules: &Schedules, spec: ScheduleSpec, now: &str| {
        schedules.changed(&[(name.clone(), Step::Set(spec, at(now)))].into()).unwrap()
    };
    let paused = set(&Schedules::default(), spec.clone().with_paused(true), "2026-11-29T00:30:00Z");
    assert_eq!(paused.next(at("2026-11-29T09:00:00Z")), None);
    let again = set(&paused, spec.clone(), "2026-11-29T09:10:00Z");
    assert_eq!(again.get(&name).unwrap().due(at("2026-11-29T09:10:00Z")), [at("2026-11-29T09:00:00Z")]);
    // Other times begin anew.
    let other = set(&paused, ScheduleSpec::new("*/10 * * * *", "UTC", said("hi")).unwrap(), "2026-11-29T09:10:00Z");
    assert_eq!(other.get(&name).unwrap().due(at("2026-11-29T09:10:00Z")), []);
}

#[test]
fn what_fires_has_a_name_of_its_own() {
    let [a, b]: [ScheduleName; 2] = ["morning", "evening"].map(|name| name.parse().unwrap());
    let (now, then) = (at("2026-11-29T09:00:00Z"), at("2026-11-29T09:01:00Z"));
    let ids = [update_id(&a, now), update_id(&b, now), update_id(&a, then), update_id(&b, then)];
    assert!(ids.iter().all(|id| ((1 << 52)..(1 << 53)).contains(id)), "{ids:?}");
    assert!(ids[0].max(ids[1]) < ids[2].min(ids[3]), "in order of time: {ids:?}");
    assert_ne!((ids[0], idempotency_key(&a, now)), (ids[1], idempotency_key(&b, now)));
    assert!(update_id(&a, at("2053-01-01T00:00:00Z")) < 1 << 53);
}

#[test]
fn what_is_no_schedule_is_refused() {
    let refused = |cron: &str, zone: &str, action: Action| {
        let error = ScheduleSpec::new(cron, zone, action).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{cron} {zone}: {error:?}");
        error.to_string()
    };
    for cron in ["", "x", "60 * * * *", "* * * * * *", "0 0 * *", "@reboot", &"1,".repeat(200), "\u{0}"] {
        refused(cron, "UTC", said("hi"));
    }
    assert!(refused("0 0 30 2 *", "UTC", said("hi")).contains("ever comes"));
    for zone in ["", "Mars/Olympus", "../../etc/passwd", "\u{1f680}"] {
        refused("@daily", zone, said("hi"));
    }
    refused("@daily", "UTC", said(" \n"));
    refused("@daily", "UTC", said(&"x".repeat(MAX_TEXT + 1)));
    refused("@daily", "UTC", Action::Message { chat_id: 0, text: "hi".to_owned() });
    let job = |cost| Action::Job { prompt: "p".to_owned(), agent_id: AgentId::default(), cost };
    refused("@daily", "UTC", job(MicroCredits(-1)));
    for wrong in [
        r#"{"cron":"@daily"}"#,
        r#"{"cron":"@daily","message":{"chat_id":1,"text":"a"},"job":{"prompt":"p","cost_gpu_seconds":"1"}}"#,
        r#"{"cron":"@daily","message":{"chat_id":1,"text":"a","x":1}}"#,
        r#"{"cron":"@daily","catch_up":"twice","message":{"chat_id":1,"text":"a"}}"#,
    ] {
        assert!(serde_json::from_str::<ScheduleSpec>(wrong).is_err(), "{wrong}");
    }
    let spec: ScheduleSpec = serde_json::from_str(
        r#"{"cron":"0  9 * * MON","time_zone":"Europe/Berlin","job":{"prompt":"p","cost_gpu_seconds":"1.5"}}"#,
    )
    .unwrap();
    assert_eq!(spec.cron, "0 9 * * MON");
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<ScheduleSpec>(&text).unwrap(), spec);
}
