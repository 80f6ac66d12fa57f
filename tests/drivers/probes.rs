//! What servers say when they are asked how they are set up.

use libtenancy::{
    Result,
    ports::probes::{Probed, Probes},
};

/// What is found in the only part of these.
pub(crate) async fn only(probes: &dyn Probes) -> Result<Probed> {
    let mut looks = probes.probe_looks();
    assert_eq!(looks.len(), 1);
    looks.remove(0).look.await
}

/// What is found in every part.
pub(crate) async fn all(probes: &dyn Probes) -> Vec<(&'static str, Result<Probed>)> {
    let mut found = Vec::new();
    for look in probes.probe_looks() {
        found.push((look.part, look.look.await));
    }
    found
}
