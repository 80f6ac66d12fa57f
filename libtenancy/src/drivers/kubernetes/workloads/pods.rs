//! Every pod of ours as the API server tells of it: one watch, and a place to wait for each pod.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use tokio::sync::watch;

use super::{super::connection::WATCH_SECONDS, manifest::SELECTOR};

/// A pod as it is now; `None` while there is none of that name.
pub(super) type Seen = Option<Arc<Pod>>;

/// The pods by name. An entry without a pod is one that somebody waits for.
#[derive(Default)]
pub(super) struct Pods {
    by_name: Mutex<HashMap<String, watch::Sender<Seen>>>,
    synced: watch::Sender<bool>,
}

impl Pods {
    /// Follows the cluster until it is cancelled.
    pub(super) async fn follow(self: Arc<Self>, api: Api<Pod>) {
        let config = watcher::Config::default().labels(SELECTOR).timeout(WATCH_SECONDS);
        let mut events = std::pin::pin!(watcher(api, config).default_backoff());
        let mut listed = HashSet::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Apply(pod)) => drop(self.put(pod)),
                Ok(Event::Delete(pod)) => self.remove(pod.metadata.name.as_deref().unwrap_or_default()),
                Ok(Event::Init) => listed.clear(),
                Ok(Event::InitApply(pod)) => drop(listed.insert(self.put(pod))),
                Ok(Event::InitDone) => {
                    let gone: Vec<String> =
                        self.lock().keys().filter(|name| !listed.contains(*name)).cloned().collect();
                    for name in gone {
                        self.remove(&name);
                    }
                    self.lock().retain(|_, pod| pod.borrow().is_some() || pod.receiver_count() > 0);
                    self.synced.send_replace(true);
                }
                // It is tried again, with a pause that grows.
                Err(error) => tracing::warn!("pods are not watched: {error}"),
            }
        }
    }

    /// Waits until the pods that there are have been seen once.
    pub(super) async fn synced(&self) {
        let _ = self.synced.subscribe().wait_for(|synced| *synced).await;
    }

    /// The pod of a name, now and as it changes.
    pub(super) fn watch(&self, name: &str) -> watch::Receiver<Seen> {
        self.lock().entry(name.to_owned()).or_default().subscribe()
    }

    /// All pods for which `wanted` holds.
    pub(super) fn select(&self, wanted: impl Fn(&Pod) -> bool) -> Vec<Arc<Pod>> {
        let pods = self.lock();
        pods.values().filter_map(|pod| pod.borrow().clone()).filter(|pod| wanted(pod)).collect()
    }

    /// What somebody has written and read back: seen before the watch tells of it.
    pub(super) fn put(&self, pod: Pod) -> String {
        let name = pod.metadata.name.clone().unwrap_or_default();
        self.lock().entry(name.clone()).or_default().send_replace(Some(Arc::new(pod)));
        name
    }

    fn remove(&self, name: &str) {
        let mut pods = self.lock();
        let Some(pod) = pods.get(name) else { return };
        pod.send_if_modified(|pod| pod.take().is_some());
        if pod.receiver_count() == 0 {
            pods.remove(name);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, watch::Sender<Seen>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
