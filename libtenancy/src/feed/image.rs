//! What the feed has said: from it whoever comes later is told everything, and what is new is told apart from what is not.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    api::{
        feed::{Begin, Change, EventLine, Numbers, Piece, QueueLine, SpendNow, TenantLine},
        jobs::JobView,
        nodes::NodeList,
    },
    clock::Timestamp,
};

/// Tenants in one piece.
const CHUNK: usize = 500;

/// Events that are kept for whoever comes later.
pub(super) const EVENTS: usize = 500;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Image {
    begin: Begin,
    pub(super) tenants: BTreeMap<String, TenantLine>,
    numbers: Option<Numbers>,
    queue: Option<Vec<QueueLine>>,
    jobs: Option<Vec<JobView>>,
    nodes: Option<NodeList>,
    spend: Option<SpendNow>,
    events: Vec<EventLine>,
    trouble: Option<String>,
    ready: bool,
}

impl Image {
    /// Takes a change over; whether it is one.
    pub(super) fn take(&mut self, change: &Change) -> bool {
        fn replace<T: Clone + PartialEq>(old: &mut Option<T>, new: &T) -> bool {
            let changed = old.as_ref() != Some(new);
            if changed {
                *old = Some(new.clone());
            }
            changed
        }
        match change {
            Change::Begin(begin) => *self = Self { begin: begin.clone(), ..Self::default() },
            Change::Tenants(lines) => {
                for line in lines {
                    self.tenants.insert(line.id.clone(), line.clone());
                }
                return !lines.is_empty();
            }
            Change::Gone(ids) => {
                for id in ids {
                    self.tenants.remove(id);
                }
                return !ids.is_empty();
            }
            Change::Numbers(numbers) => return replace(&mut self.numbers, numbers),
            Change::Queue(queue) => return replace(&mut self.queue, queue),
            Change::Jobs(jobs) => return replace(&mut self.jobs, jobs),
            Change::Nodes(nodes) => return replace(&mut self.nodes, nodes),
            Change::Spend(spend) => return replace(&mut self.spend, spend),
            Change::Events(events) => {
                self.events.extend(events.iter().cloned());
                let surplus = self.events.len().saturating_sub(EVENTS);
                self.events.drain(..surplus);
                return !events.is_empty();
            }
            Change::Ready => return !std::mem::replace(&mut self.ready, true),
            Change::Trouble(trouble) => return replace(&mut self.trouble, trouble),
            Change::Beat => {
                self.trouble = None;
            }
        }
        true
    }

    /// The ids of all tenants.
    pub(super) fn ids(&self) -> BTreeSet<String> {
        self.tenants.keys().cloned().collect()
    }

    /// Everything, for whoever comes now.
    pub(super) fn pieces(&self, at: Timestamp) -> Vec<Piece> {
        let lines: Vec<TenantLine> = self.tenants.values().cloned().collect();
        let events = (!self.events.is_empty()).then(|| Change::Events(self.events.clone()));
        let changes = [Change::Begin(self.begin.clone())]
            .into_iter()
            .chain(self.numbers.clone().map(Change::Numbers))
            .chain(lines.chunks(CHUNK).map(|chunk| Change::Tenants(chunk.to_vec())))
            .chain(self.queue.clone().map(Change::Queue))
            .chain(self.jobs.clone().map(Change::Jobs))
            .chain(self.nodes.clone().map(Change::Nodes))
            .chain(self.spend.clone().map(Change::Spend))
            .chain(events)
            .chain(self.trouble.clone().map(Change::Trouble))
            .chain(self.ready.then_some(Change::Ready));
        changes.map(|change| Piece { at, change }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, generation: u64) -> TenantLine {
        let tenant = crate::tenant::Tenant {
            id: id.parse().unwrap(),
            created_at: Timestamp::from_micros(1),
            last_active_at: Timestamp::from_micros(1),
            settings: crate::tenant::Settings {
                idle_timeout: std::time::Duration::from_secs(300),
                bot: None,
                suspended: None,
                labels: crate::labels::Labels::default(),
                schedules: crate::schedule::Schedules::default(),
            },
            lifecycle: crate::tenant::Lifecycle::new(Timestamp::from_micros(1)),
        };
        TenantLine { generation, ..TenantLine::from(&tenant) }
    }

    #[test]
    fn whoever_comes_later_is_told_what_whoever_listened_knows() {
        let said = [
            Change::Begin(Begin::default()),
            Change::Tenants(vec![line("a", 1), line("b", 1)]),
            Change::Numbers(Numbers { warm_ready: 1, ..Numbers::default() }),
            Change::Ready,
            Change::Tenants(vec![line("b", 2)]),
            Change::Gone(vec!["a".to_owned()]),
            Change::Numbers(Numbers { warm_ready: 2, ..Numbers::default() }),
        ];
        let mut listened = Image::default();
        for change in &said {
            assert!(listened.take(change), "{change:?}");
        }
        let mut later = Image::default();
        let told = listened.pieces(Timestamp::from_micros(9));
        for piece in &told {
            later.take(&piece.change);
        }
        assert_eq!(later.pieces(Timestamp::from_micros(9)), told);
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(later.tenants.keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!(later.tenants["b"].generation, 2);
    }

    #[test]
    fn what_is_as_it_was_is_no_change() {
        let mut image = Image::default();
        let numbers = Change::Numbers(Numbers::default());
        assert!(image.take(&numbers) && !image.take(&numbers));
        assert!(image.take(&Change::Ready) && !image.take(&Change::Ready));
        assert!(!image.take(&Change::Gone(Vec::new())));
        let trouble = Change::Trouble("away".to_owned());
        assert!(image.take(&trouble) && !image.take(&trouble));
        assert!(image.take(&Change::Beat), "a beat is always news");
        assert!(image.take(&trouble), "and ends trouble");
    }

    #[test]
    fn events_are_kept_in_bounds() {
        let mut image = Image::default();
        for number in 0..EVENTS + 10 {
            let event = EventLine {
                at: Timestamp::from_micros(0),
                tenant: None,
                what: "refused".to_owned(),
                text: number.to_string(),
                wake: None,
            };
            image.take(&Change::Events(vec![event]));
        }
        assert_eq!((image.events.len(), image.events[0].text.as_str()), (EVENTS, "10"));
    }
}
