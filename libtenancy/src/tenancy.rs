//! [`Tenancy`]: the one handle that the command, the screen and the services hold.
//!
//! Owns how the parts are put together, and the operations on records. The operations that need agents live beside
//! their concept: `wake`, `stop`, `delivery`, `reconcile` add methods to this handle.

use std::sync::Arc;

use crate::{
    clock::Clock,
    config::Config,
    ports::{
        deadlines::Deadlines, endpoints::Endpoints, inboxes::Inboxes, leaders::Leaders, messengers::Messengers,
        snapshots::Snapshots, tenants::Tenants, wake_locks::WakeLocks, workloads::Workloads,
    },
    secret::Keyring,
};

/// The drivers a handle is built from.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port of that name")]
pub struct Drivers {
    pub tenants: Arc<dyn Tenants>,
    pub inboxes: Arc<dyn Inboxes>,
    pub wake_locks: Arc<dyn WakeLocks>,
    pub leaders: Arc<dyn Leaders>,
    pub endpoints: Arc<dyn Endpoints>,
    pub deadlines: Arc<dyn Deadlines>,
    pub snapshots: Arc<dyn Snapshots>,
    pub workloads: Arc<dyn Workloads>,
    pub messengers: Arc<dyn Messengers>,
    pub clock: Arc<dyn Clock>,
}

/// The handle. Cheap to clone.
#[derive(Clone)]
pub struct Tenancy {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) keyring: Keyring,
    pub(crate) drivers: Drivers,
}
