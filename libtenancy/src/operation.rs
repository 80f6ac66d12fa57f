//! One operation per tenant at a time within this process: wake, stop, delete and reconcile exclude each other.
//!
//! Owns how a mutex is locked, too ([`lock`]). Across processes the wake lock and the generation do that; this saves the conflicts within one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

use crate::tenant::TenantId;

/// Locks a mutex whose holder never panics while the data is inconsistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lock per tenant; costs memory only while somebody holds or waits for it.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    locks: Arc<Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>>,
}

/// Held while an operation on the tenant runs.
pub(crate) struct Operation {
    tenant: TenantId,
    guard: Option<OwnedMutexGuard<()>>,
    locks: Arc<Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Operations {
    /// Waits until no other operation on the tenant runs, in order of arrival.
    pub(crate) async fn begin(&self, tenant: &TenantId) -> Operation {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(tenant.clone()).or_default())
        };
        Operation { tenant: tenant.clone(), guard: Some(lock.lock_owned().await), locks: Arc::clone(&self.locks) }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.guard.take());
        // Whoever waits holds a clone taken under the same mutex, so the count cannot grow meanwhile.
        if locks.get(&self.tenant).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn operations_on_one_tenant_exclude_each_other_and_leave_nothing_behind() {
        let operations = Arc::new(Operations::default());
        let tenant: TenantId = "acme".parse().unwrap();
        let running = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (operations, tenant, running) = (Arc::clone(&operations), tenant.clone(), Arc::clone(&running));
                tokio::spawn(async move {
                    let _operation = operations.begin(&tenant).await;
                    assert_eq!(running.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    tokio::task::yield_now().await;
                    running.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(operations.locks.lock().unwrap().is_empty());
    }
}
