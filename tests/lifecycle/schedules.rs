//! Schedules: what is due is fired, once, whatever dies, and no faster than people can still be served.

use std::{collections::BTreeSet, time::Duration};

use libtenancy::{
    credits::MicroCredits,
    jobs::AgentId,
    ports::{jobs::JobFilter, tenants::SettingsPatch},
    schedule::{Action, CatchUp, ScheduleChange, ScheduleSpec, Schedules, Step},
    tenant::{Status, TenantId},
};

use crate::plane::{Chat, Plane, TOKEN, config};

const MINUTE: Duration = Duration::from_secs(60);

/// A pattern whose one instant of the day was a moment ago.
fn a_moment_ago(plane: &Plane) -> String {
    let then = plane.drivers.clock.now() - MINUTE;
    let text = then.to_string();
    let (hour, minute) = (&text[11..13], &text[14..16]);
    format!("{minute} {hour} * * *")
}

/// Sets schedules as if that had been an hour ago, past the control plane, and tells it that something changed.
async fn set(plane: &Plane, id: &TenantId, schedules: &[(&str, Action)]) {
    let (cron, since) = (a_moment_ago(plane), plane.drivers.clock.now() - 60 * MINUTE);
    let steps = schedules.iter().map(|(name, action)| {
        let spec = ScheduleSpec::new(&cron, "UTC", action.clone()).unwrap().with_catch_up(CatchUp::Once);
        (name.parse().unwrap(), Step::Set(spec, since))
    });
    let patch = SettingsPatch { schedules: steps.collect::<ScheduleChange>(), ..SettingsPatch::default() };
    plane.drivers.tenants.tenant_configure(id, patch).await.unwrap();
    plane.tenancy.records_changed();
}

fn message(chat: i64, text: &str) -> Action {
    Action::Message { chat_id: chat, text: text.to_owned() }
}

fn job() -> Action {
    Action::Job { prompt: "report".to_owned(), agent_id: AgentId::default(), cost: MicroCredits::credits(5) }
}

async fn schedules(plane: &Plane, id: &TenantId) -> Schedules {
    plane.drivers.tenants.tenant_get(id).await.unwrap().unwrap().settings.schedules
}

/// Whether both of a tenant's schedules are noted as fired.
pub(crate) async fn noted(plane: &Plane, id: &TenantId) -> Option<()> {
    let schedules = schedules(plane, id).await;
    let fired = schedules.iter().filter(|(_, schedule)| schedule.last.is_some()).count();
    (fired == 2).then_some(())
}

/// A message and a job that are due now.
pub(crate) async fn both_due(plane: &Plane, id: &TenantId, chat: i64) {
    set(plane, id, &[("morning", message(chat, "good morning")), ("report", job())]).await;
}

/// One answer in the chat, and one job.
pub(crate) fn came_once(plane: &Plane, chat: &Chat, id: &TenantId, person: i64, case: &str) {
    plane.wait_for(case, || noted(plane, id));
    plane.wait_for(case, || async { (!chat.double.sent(person).is_empty()).then_some(()) });
    let said: Vec<String> = chat.double.sent(person).into_iter().map(|sent| sent.text).collect();
    assert_eq!(said.len(), 1, "{case}: {said:?}");
    assert!(said[0].ends_with("you said: good morning"), "{case}: {said:?}");
    let of = JobFilter { tenant: Some(id.clone()), ..JobFilter::default() };
    let jobs = plane.block(plane.tenancy.job_list(&of, None, 10)).unwrap();
    assert_eq!(jobs.len(), 1, "{case}: {jobs:?}");
    let schedules = plane.block(schedules(plane, id));
    for (_, schedule) in schedules.iter() {
        assert_eq!(schedule.last.as_ref().unwrap().error, None, "{case}");
        assert_eq!(schedule.due(plane.drivers.clock.now()), [], "{case}");
    }
}

#[test]
fn what_is_due_wakes_a_sleeping_agent_and_its_chat_is_answered() {
    let (chat, dir) = (Chat::start(), tempfile::tempdir().unwrap());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, Some(TOKEN));
    plane.block(both_due(&plane, &id, 11));
    came_once(&plane, &chat, &id, 11, "due");
    assert!(matches!(plane.status(&id), Some(Status::Running { .. })));
    plane.end();
}

#[test]
fn nothing_fires_of_a_suspended_tenant_and_what_was_missed_is_made_up_for_when_it_is_resumed() {
    let (chat, dir) = (Chat::start(), tempfile::tempdir().unwrap());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, Some(TOKEN));
    plane.block(plane.tenancy.tenant_suspend(&id, "unpaid")).unwrap();
    plane.block(both_due(&plane, &id, 12));
    // Another one's shows that the loop has looked.
    let other: TenantId = "other".parse().unwrap();
    plane.create(&other, None);
    plane.block(set(&plane, &other, &[("a", job()), ("b", job())]));
    plane.wait_for("the other one's", || noted(&plane, &other));
    assert_eq!(plane.block(noted(&plane, &id)), None);
    assert!(chat.double.sent(12).is_empty());
    plane.block(plane.tenancy.tenant_resume(&id)).unwrap();
    came_once(&plane, &chat, &id, 12, "resumed");
    plane.end();
}

#[test]
fn what_cannot_be_fired_says_so_and_is_not_tried_for_ever() {
    let (chat, dir) = (Chat::start(), tempfile::tempdir().unwrap());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, None);
    plane.block(both_due(&plane, &id, 13));
    plane.wait_for("both", || noted(&plane, &id));
    let schedules = plane.block(schedules(&plane, &id));
    let error = |name: &str| schedules.get(&name.parse().unwrap()).unwrap().last.clone().unwrap().error;
    assert_eq!((error("morning").as_deref(), error("report")), (Some("bot of tenant `acme` not found"), None));
    plane.end();
}

#[test]
fn a_herd_of_schedules_leaves_half_of_the_wakes_to_people() {
    let (chat, dir) = (Chat::start(), tempfile::tempdir().unwrap());
    let config = libtenancy::config::Config { max_waking: 2, ..config(dir.path(), &chat.double.url()) };
    let plane = Plane::start_with(config);
    let ids: Vec<TenantId> = (0..6).map(|number| format!("t-{number}").parse().unwrap()).collect();
    for (number, id) in (0..).zip(&ids) {
        let token = format!("{}:AAHlifecycle-of-a-message_in-the-tests", 9_000 + number);
        chat.add(&token);
        plane.create(id, Some(&token));
    }
    let cron = a_moment_ago(&plane);
    let since = plane.drivers.clock.now() - 60 * MINUTE;
    for (number, id) in (0..).zip(&ids) {
        let spec = ScheduleSpec::new(&cron, "UTC", message(100 + number, "up")).unwrap();
        let step = Step::Set(spec, since);
        let schedules = ScheduleChange::from([("nine".parse().unwrap(), step)]);
        let patch = SettingsPatch { schedules, ..SettingsPatch::default() };
        plane.block(plane.drivers.tenants.tenant_configure(id, patch)).unwrap();
    }
    // All at once.
    plane.tenancy.records_changed();
    let mut wakes: Vec<(i64, i64)> = ids
        .iter()
        .map(|id| {
            plane.wait_for("its wake", || async {
                let lifecycle = plane.drivers.tenants.tenant_get(id).await.unwrap().unwrap().lifecycle;
                let took = lifecycle.last_wake?.total;
                Some(((lifecycle.since - took).as_micros(), lifecycle.since.as_micros()))
            })
        })
        .collect();
    wakes.sort_unstable();
    let overlaps = wakes.windows(2).filter(|two| two[1].0 < two[0].1 - 2_000).count();
    assert_eq!(overlaps, 0, "one of two places: {wakes:?}");
    let answered: BTreeSet<usize> = (0..6)
        .map(|number| {
            plane.wait_for("an answer", || async { Some(chat.double.sent(100 + number).len()).filter(|n| *n > 0) })
        })
        .collect();
    assert_eq!(answered, BTreeSet::from([1]));
    plane.end();
}

#[test]
fn one_that_is_run_by_hand_is_another_message_each_time_and_its_times_stay() {
    let (chat, dir) = (Chat::start(), tempfile::tempdir().unwrap());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, Some(TOKEN));
    let (name, other) = ("yearly".parse().unwrap(), "report".parse().unwrap());
    let spec = |action: Action| ScheduleSpec::new("@yearly", "UTC", action).unwrap();
    let set = plane.block(plane.tenancy.schedule_set(&id, &name, spec(message(14, "once more")))).unwrap();
    plane.block(plane.tenancy.schedule_set(&id, &other, spec(job()))).unwrap();
    let run = |name| plane.block(plane.tenancy.schedule_run(&id, name, Some("k")));
    let (first, second) = (run(&name).unwrap(), run(&name).unwrap());
    assert!(first.update.is_some() && first.update != second.update && first.job_id.is_none(), "{first:?} {second:?}");
    plane.wait_for("both answers", || async { (chat.double.sent(14).len() == 2).then_some(()) });
    assert_eq!(run(&other).unwrap().job_id, run(&other).unwrap().job_id, "under one key it is one job");
    let after = plane.block(plane.tenancy.schedule_get(&id, &name)).unwrap();
    assert_eq!((after.next_at, after.last), (set.next_at, None));
    plane.block(plane.tenancy.tenant_suspend(&id, "unpaid")).unwrap();
    for name in [&name, &other] {
        let refused = run(name).unwrap_err();
        assert!(refused.to_string().contains("unpaid"), "{refused}");
    }
    plane.end();
}
