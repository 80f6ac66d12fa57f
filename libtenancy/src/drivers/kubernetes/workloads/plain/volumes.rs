//! A tenant's part of the state bucket as a volume: a `PersistentVolume` of its own and the claim that has it.
//!
//! Both outlive the tenant's pods and go with the tenant. The volume is made for that one claim, so nobody else can have it.
//! What is left if the control plane dies between the two is found by their names, by the next wake or the repeated deletion.

use std::time::Duration;

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::{
    Api, Client, Resource,
    api::{DeleteParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    super::{
        super::connection::{classify, is},
        manifest::{AGENT_USER, name, typed},
    },
    claim_name,
};
use crate::{
    error::{Error, Result},
    tenant::TenantId,
};

/// The CSI driver: Mountpoint for Amazon S3.
const DRIVER: &str = "s3.csi.aws.com";

/// The class of these volumes (the first system's).
const CLASS: &str = "s3-tenant-state";

/// What a claim must ask for; the bucket has no size.
const SIZE: &str = "1Gi";

/// Attempts to make a volume anew whose former claim is gone, and the time between two.
const ATTEMPTS: u32 = 20;
const AGAIN: Duration = Duration::from_millis(250);

/// Where volumes are made.
pub(super) struct Volumes<'a> {
    pub(super) client: &'a Client,
    pub(super) namespace: &'a str,
    pub(super) bucket: &'a str,
}

fn volume_name(tenant: &TenantId) -> String {
    format!("pv-tenant-{tenant}")
}

fn claim(tenant: &TenantId) -> Result<PersistentVolumeClaim> {
    typed(json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": claim_name(tenant),
            "labels": { name::APP: name::APP_AGENT, name::TENANT: tenant.as_str() },
        },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": CLASS,
            "volumeName": volume_name(tenant),
            "resources": { "requests": { "storage": SIZE } },
        },
    }))
}

/// Whether it was not there before.
async fn create<K>(api: &Api<K>, object: &K) -> Result<bool>
where
    K: Resource + Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    match api.create(&PostParams::default(), object).await {
        Ok(_) => Ok(true),
        Err(error) if is(&error, 409) => Ok(false),
        Err(error) => Err(classify(error, true)),
    }
}

async fn delete<K>(api: &Api<K>, name: &str) -> Result<()>
where
    K: Clone + std::fmt::Debug + DeserializeOwned,
{
    match api.delete(name, &DeleteParams::default()).await {
        Ok(_) => Ok(()),
        Err(error) if is(&error, 404) => Ok(()),
        Err(error) => Err(classify(error, true)),
    }
}

impl Volumes<'_> {
    fn volumes(&self) -> Api<PersistentVolume> {
        Api::all(self.client.clone())
    }

    fn claims(&self) -> Api<PersistentVolumeClaim> {
        Api::namespaced(self.client.clone(), self.namespace)
    }

    fn volume(&self, tenant: &TenantId) -> Result<PersistentVolume> {
        let own = format!("prefix=tenants/{tenant}/");
        let (user, group) = (format!("uid={AGENT_USER}"), format!("gid={AGENT_USER}"));
        typed(json!({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": { "name": volume_name(tenant), "labels": { name::TENANT: tenant.as_str() } },
            "spec": {
                "capacity": { "storage": SIZE },
                "accessModes": ["ReadWriteMany"],
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": CLASS,
                "claimRef": { "namespace": self.namespace, "name": claim_name(tenant) },
                // Not a path in what the whole bucket is mounted as: of other tenants' there is nothing on the node.
                "mountOptions": [own, user, group, "allow-other", "allow-delete", "allow-overwrite"],
                "csi": {
                    "driver": DRIVER,
                    "volumeHandle": volume_name(tenant),
                    "volumeAttributes": { "bucketName": self.bucket },
                },
            },
        }))
    }

    /// Makes both where they are missing. A repeat is no error.
    pub(super) async fn make(&self, tenant: &TenantId) -> Result<()> {
        let is_new = create(&self.volumes(), &self.volume(tenant)?).await?;
        if !create(&self.claims(), &claim(tenant)?).await? || is_new {
            return Ok(());
        }
        // The volume was another claim's, which is gone: it would never be this one's.
        self.remove(tenant).await?;
        for _ in 0..ATTEMPTS {
            if create(&self.volumes(), &self.volume(tenant)?).await? {
                return create(&self.claims(), &claim(tenant)?).await.map(drop);
            }
            tokio::time::sleep(AGAIN).await;
        }
        Err(Error::unavailable("kubernetes", format!("`{}` is still ending", volume_name(tenant))))
    }

    /// Removes both; what is in the bucket stays. A repeat is no error.
    pub(super) async fn remove(&self, tenant: &TenantId) -> Result<()> {
        delete(&self.claims(), &claim_name(tenant)).await?;
        delete(&self.volumes(), &volume_name(tenant)).await
    }
}
