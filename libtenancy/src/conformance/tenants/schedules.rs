//! A tenant's schedules.

use std::time::Duration;

use futures::future::join_all;

use super::{created, id};
use crate::{
    clock::{Clock, ManualClock, Timestamp},
    error::Error,
    ports::tenants::{Filter, SettingsPatch, Tenants},
    schedule::{Action, Fired, ScheduleChange, ScheduleName, ScheduleSpec, Schedules, Step},
};

pub(super) fn schedule(name: &str) -> ScheduleName {
    name.parse().unwrap()
}

pub(super) fn set(name: &str, cron: &str) -> (ScheduleName, Step) {
    let action = Action::Message { chat_id: -7, text: "good \u{1f304} morning".to_owned() };
    let spec = ScheduleSpec::new(cron, "Europe/Berlin", action).unwrap();
    (schedule(name), Step::Set(spec, Timestamp::from_micros(1_780_000_000_000_000)))
}

pub async fn schedules_change_one_by_one_and_what_is_handled_stays_handled(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    let patch = |change: (ScheduleName, Step)| SettingsPatch {
        schedules: ScheduleChange::from([change]),
        ..SettingsPatch::default()
    };
    let number = |number: usize| patch(set(&format!("s{number}"), "@hourly"));
    for result in join_all((0..8).map(|n| port.tenant_configure(&tenant.id, number(n)))).await {
        result.unwrap();
    }
    for n in 8..Schedules::MAX {
        port.tenant_configure(&tenant.id, number(n)).await.unwrap();
    }
    let full = port.tenant_get(&tenant.id).await.unwrap().unwrap();
    assert_eq!(full.settings.schedules.iter().count(), Schedules::MAX);
    let refused = port.tenant_configure(&tenant.id, number(Schedules::MAX)).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid { .. }), "{refused:?}");
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap(), Some(full));
    // Whoever lost the lead meanwhile notes what it fired late: the later one stays.
    let now = clock.now() + Duration::from_hours(1);
    let handled = |at| patch((schedule("s0"), Step::Handled(at, Some(Fired { at, error: None }))));
    for at in [now, now - Duration::from_mins(5)] {
        port.tenant_configure(&tenant.id, handled(at)).await.unwrap();
    }
    port.tenant_configure(&tenant.id, patch((schedule("s1"), Step::Remove))).await.unwrap();
    let gone = patch((schedule("s1"), Step::Handled(now, None)));
    let tenant = port.tenant_configure(&tenant.id, gone).await.unwrap();
    assert_eq!(tenant.settings.schedules.get(&schedule("s0")).unwrap().handled_until, now);
    assert_eq!(tenant.settings.schedules.get(&schedule("s1")), None);
}

pub async fn those_with_schedules_are_listed(port: &dyn Tenants, clock: &ManualClock) {
    for name in ["a", "b", "c", "d"] {
        created(port, clock, name).await;
    }
    let with = |change| SettingsPatch { schedules: ScheduleChange::from([change]), ..SettingsPatch::default() };
    for name in ["d", "b", "c"] {
        port.tenant_configure(&id(name), with(set("morning", "@daily"))).await.unwrap();
    }
    port.tenant_configure(&id("c"), with((schedule("morning"), Step::Remove))).await.unwrap();
    let filter = Filter { scheduled: true, ..Filter::default() };
    let first = port.tenant_list(&filter, None, 1).await.unwrap();
    assert_eq!((first.items.len(), first.items[0].id.as_str()), (1, "b"));
    let rest = port.tenant_list(&filter, first.next.as_ref(), 9).await.unwrap();
    assert_eq!(rest.items.iter().map(|tenant| tenant.id.as_str()).collect::<Vec<_>>(), ["d"]);
    assert_eq!(rest.next, None);
    let both = Filter { active: true, ..filter };
    assert!(matches!(port.tenant_list(&both, None, 9).await, Err(Error::Invalid { .. })));
}
