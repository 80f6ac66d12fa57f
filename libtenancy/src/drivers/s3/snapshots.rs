//! [`Snapshots`] in a bucket, with a spool.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    presigning::PresigningConfig,
    primitives::{ByteStream, Length},
    types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier},
};
use tokio::io::AsyncWriteExt;

use super::{
    S3Snapshots,
    connection::{PART, classify, read, status},
};
use crate::{
    drivers::local::snapshots::parse_key,
    error::{Error, Result},
    ports::snapshots::{Snapshots, StoredSnapshot, UploadUrl},
    secret::random_bytes,
    tenant::{Generation, SnapshotRef, TenantId},
};

/// What an archive's hash is called among its object's metadata.
const SHA256: &str = "sha256";

/// What the earlier system kept below a tenant's prefix: a copy of its agent's database.
const LEGACY: &str = "brain.db";

/// How long a URL may be good for: S3's own limit.
const LONGEST_URL: Duration = Duration::from_hours(7 * 24);

/// Keys that one call removes.
const BATCH: usize = 1_000;

/// What is kept beside an archive.
fn metadata(snapshot: &SnapshotRef, tenant: &TenantId) -> BTreeMap<String, String> {
    [
        (SHA256, snapshot.sha256.clone()),
        ("tenant", tenant.to_string()),
        ("generation", snapshot.generation.to_string()),
        ("taken-at", snapshot.taken_at.as_micros().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The end of a conditional write.
enum Put {
    Done,
    /// There is an object of that key.
    Taken,
}

fn sdk(what: impl std::fmt::Display) -> Error {
    Error::internal(format!("{PART}: {what}"))
}

/// Orders keys as the port lists them: by generation, then by file.
fn order(key: &str) -> Option<(u64, String)> {
    let (_, generation, file) = parse_key(key).ok()?;
    Some((generation, file.to_owned()))
}

impl S3Snapshots {
    async fn put_whole(&self, path: &Path, snapshot: &SnapshotRef, tenant: &TenantId) -> Result<Put> {
        let body = ByteStream::from_path(path).await.map_err(sdk)?;
        let put = self.client().put_object().bucket(self.bucket()).key(&snapshot.key).if_none_match("*").body(body);
        let put = put.set_metadata(Some(metadata(snapshot, tenant).into_iter().collect()));
        match put.send().await {
            Ok(_) => Ok(Put::Done),
            Err(error) if status(&error) == Some(412) => Ok(Put::Taken),
            Err(error) => Err(classify(error)),
        }
    }

    async fn put_in_parts(&self, path: &Path, snapshot: &SnapshotRef, tenant: &TenantId) -> Result<Put> {
        let create = self.client().create_multipart_upload().bucket(self.bucket()).key(&snapshot.key);
        let create = create.set_metadata(Some(metadata(snapshot, tenant).into_iter().collect()));
        let upload = read(create.send().await)?;
        let upload = upload.upload_id.ok_or_else(|| sdk("an upload without a name"))?;
        let put = self.parts(path, snapshot, &upload).await;
        if !matches!(put, Ok(Put::Done)) {
            let abort = self.client().abort_multipart_upload().bucket(self.bucket()).key(&snapshot.key);
            if let Err(error) = read(abort.upload_id(upload).send().await) {
                tracing::debug!(
                    key = snapshot.key,
                    error = error.chain(),
                    "an upload was not aborted; the bucket does it"
                );
            }
        }
        put
    }

    async fn parts(&self, path: &Path, snapshot: &SnapshotRef, upload: &str) -> Result<Put> {
        let size = self.shared.settings.part_bytes;
        let mut done = Vec::new();
        for (number, offset) in (1..).zip((0..snapshot.bytes).step_by(usize::try_from(size).unwrap_or(usize::MAX))) {
            let length = Length::Exact(size.min(snapshot.bytes - offset));
            let body = ByteStream::read_from().path(path).offset(offset).length(length).build().await.map_err(sdk)?;
            let part = self.client().upload_part().bucket(self.bucket()).key(&snapshot.key).upload_id(upload);
            let part = read(part.part_number(number).body(body).send().await)?;
            done.push(CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build());
        }
        let all = CompletedMultipartUpload::builder().set_parts(Some(done)).build();
        let complete = self.client().complete_multipart_upload().bucket(self.bucket()).key(&snapshot.key);
        match complete.upload_id(upload).multipart_upload(all).if_none_match("*").send().await {
            Ok(_) => Ok(Put::Done),
            Err(error) if status(&error) == Some(412) => Ok(Put::Taken),
            // Its first attempt was done and not answered: who compares the object finds out.
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(Put::Taken),
            Err(error) => Err(classify(error)),
        }
    }

    /// Size and hash of an object; `None` if there is none.
    async fn object(&self, key: &str) -> Result<Option<(u64, Option<String>)>> {
        match self.client().head_object().bucket(self.bucket()).key(key).send().await {
            Ok(head) => {
                let bytes = head.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default();
                Ok(Some((bytes, head.metadata.and_then(|mut all| all.remove(SHA256)))))
            }
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(classify(error)),
        }
    }

    /// Downloads an object as a file, whole or not at all.
    async fn download(&self, key: &str, to: &Path) -> Result<()> {
        let mut object = match self.client().get_object().bucket(self.bucket()).key(key).send().await {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Err(Error::not_found("snapshot", key)),
            Err(error) => return Err(classify(error)),
        };
        let draft = to.with_file_name(format!(".download-{}", hex::encode(random_bytes::<8>()?)));
        let written = async {
            let failed = || Error::io("write", draft.clone());
            let mut file = tokio::fs::File::create(&draft).await.map_err(failed())?;
            let mut bytes = 0_i64;
            while let Some(chunk) = object.body.try_next().await.map_err(|e| Error::unavailable(PART, e))? {
                bytes += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
                file.write_all(&chunk).await.map_err(failed())?;
            }
            if object.content_length.is_some_and(|expected| expected != bytes) {
                return Err(Error::unavailable(PART, format!("the archive `{key}` broke off after {bytes} bytes")));
            }
            file.sync_all().await.map_err(failed())?;
            tokio::fs::rename(&draft, to).await.map_err(Error::io("rename", draft.clone()))
        };
        let written = written.await;
        if written.is_err() {
            let _ = tokio::fs::remove_file(&draft).await;
        }
        written
    }

    /// The keys and sizes of everything below a tenant's prefix.
    async fn objects(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>> {
        let list = self.client().list_objects_v2().bucket(self.bucket()).prefix(format!("tenants/{tenant}/"));
        let mut pages = list.into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            for object in read(page)?.contents.unwrap_or_default() {
                let bytes = object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
                objects.extend(object.key.map(|key| (key, bytes)));
            }
        }
        Ok(objects)
    }

    async fn uploads_abort(&self, tenant: &TenantId) -> Result<()> {
        let prefix = format!("tenants/{tenant}/");
        let list = self.client().list_multipart_uploads().bucket(self.bucket()).prefix(prefix).send().await;
        for upload in read(list)?.uploads.unwrap_or_default() {
            let abort = self.client().abort_multipart_upload().bucket(self.bucket());
            let answer = abort.set_key(upload.key).set_upload_id(upload.upload_id).send().await;
            match answer {
                Err(error) if error.code() == Some("NoSuchUpload") => {}
                answer => drop(read(answer)?),
            }
        }
        Ok(())
    }

    fn presigning(valid: Duration) -> Result<PresigningConfig> {
        if valid.is_zero() || valid > LONGEST_URL {
            return Err(Error::invalid("valid", format!("a URL is good for up to {LONGEST_URL:?}")));
        }
        PresigningConfig::expires_in(valid).map_err(sdk)
    }
}

#[async_trait]
impl Snapshots for S3Snapshots {
    async fn snapshot_directory(&self, tenant: &TenantId, generation: Generation) -> Result<PathBuf> {
        self.shared.spool.snapshot_directory(tenant, generation).await
    }

    fn snapshot_key(&self, tenant: &TenantId, generation: Generation, file: &str) -> Result<String> {
        self.shared.spool.snapshot_key(tenant, generation, file)
    }

    async fn snapshot_store(&self, snapshot: &SnapshotRef) -> Result<()> {
        let (tenant, _, _) = parse_key(&snapshot.key)?;
        let put = match self.shared.spool.snapshot_store(snapshot).await {
            Ok(()) => {
                self.shared.unstored.mark(&tenant).await?;
                let path = self.shared.spool.snapshot_path(&snapshot.key).await?;
                if snapshot.bytes > self.shared.settings.part_bytes {
                    self.put_in_parts(&path, snapshot, &tenant).await?
                } else {
                    self.put_whole(&path, snapshot, &tenant).await?
                }
            }
            // Written by its agent itself, or not at all.
            Err(Error::NotFound { .. }) => Put::Taken,
            Err(error) => return Err(error),
        };
        match (put, self.object(&snapshot.key).await?) {
            (_, Some((bytes, hash))) if bytes == snapshot.bytes && hash.as_deref() == Some(&snapshot.sha256) => {
                self.shared.unstored.clear(&tenant).await
            }
            (Put::Taken, Some(_)) => Err(Error::conflict("snapshot", &snapshot.key, "another archive has that key")),
            (Put::Taken, None) => Err(Error::not_found("snapshot", &snapshot.key)),
            (Put::Done, other) => {
                let reason = format!("{} bytes were stored, and {other:?} is there", snapshot.bytes);
                Err(Error::unavailable(PART, reason))
            }
        }
    }

    async fn snapshot_unstored(&self) -> Result<Vec<TenantId>> {
        self.shared.unstored.list().await
    }

    async fn snapshot_copy_drop(&self, key: &str) -> Result<bool> {
        parse_key(key)?;
        if self.shared.spool.snapshot_path(key).await.is_err() || self.object(key).await?.is_none() {
            return Ok(false);
        }
        self.shared.spool.snapshot_remove(key).await.map(|()| true)
    }

    async fn snapshot_legacy(&self, tenant: &TenantId) -> Result<Option<PathBuf>> {
        let key = format!("tenants/{tenant}/{LEGACY}");
        if self.object(&key).await?.is_none() {
            return Ok(None);
        }
        // One name: what a death during an earlier import has left is replaced.
        let path = self.snapshot_directory(tenant, Generation(0)).await?.join(format!(".{LEGACY}"));
        self.download(&key, &path).await?;
        Ok(Some(path))
    }

    async fn snapshot_path(&self, key: &str) -> Result<PathBuf> {
        let (tenant, generation, file) = parse_key(key)?;
        match self.shared.spool.snapshot_path(key).await {
            Err(Error::NotFound { .. }) => {}
            found => return found,
        }
        if self.object(key).await?.is_none() {
            return Err(Error::not_found("snapshot", key));
        }
        let path = self.snapshot_directory(&tenant, Generation(generation)).await?.join(file);
        self.download(key, &path).await?;
        Ok(path)
    }

    async fn snapshot_list(&self, tenant: &TenantId) -> Result<Vec<StoredSnapshot>> {
        // What is in the spool alone is an archive all the same: to be removed, and on this machine to be restored.
        let mut all: BTreeMap<(u64, String), StoredSnapshot> = BTreeMap::new();
        for stored in self.shared.spool.snapshot_list(tenant).await? {
            all.extend(order(&stored.key).map(|order| (order, stored)));
        }
        for (key, bytes) in self.objects(tenant).await? {
            all.extend(order(&key).map(|order| (order, StoredSnapshot { key, bytes })));
        }
        Ok(all.into_values().collect())
    }

    async fn snapshot_remove(&self, key: &str) -> Result<()> {
        parse_key(key)?;
        read(self.client().delete_object().bucket(self.bucket()).key(key).send().await)?;
        self.shared.spool.snapshot_remove(key).await
    }

    async fn snapshot_purge(&self, tenant: &TenantId) -> Result<()> {
        self.uploads_abort(tenant).await?;
        let objects = self.objects(tenant).await?;
        for batch in objects.chunks(BATCH) {
            let name = |(key, _): &(String, u64)| ObjectIdentifier::builder().key(key).build().map_err(sdk);
            let names = batch.iter().map(name).collect::<Result<Vec<_>>>()?;
            let delete = Delete::builder().set_objects(Some(names)).quiet(true).build().map_err(sdk)?;
            let deleted = read(self.client().delete_objects().bucket(self.bucket()).delete(delete).send().await)?;
            if let Some(error) = deleted.errors().first() {
                let key = error.key().unwrap_or_default();
                return Err(Error::unavailable(
                    PART,
                    format!("`{key}` was not removed: {}", error.code().unwrap_or("?")),
                ));
            }
        }
        self.shared.unstored.clear(tenant).await?;
        self.shared.spool.snapshot_purge(tenant).await
    }

    async fn snapshot_upload_url(&self, snapshot: &SnapshotRef, valid: Duration) -> Result<Option<UploadUrl>> {
        let (tenant, _, _) = parse_key(&snapshot.key)?;
        let put = self.client().put_object().bucket(self.bucket()).key(&snapshot.key).if_none_match("*");
        let put = put.set_metadata(Some(metadata(snapshot, &tenant).into_iter().collect()));
        let signed = put.presigned(Self::presigning(valid)?).await.map_err(classify)?;
        let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Some(UploadUrl { url: signed.uri().to_owned(), headers: headers.collect() }))
    }

    async fn snapshot_download_url(&self, key: &str, valid: Duration) -> Result<Option<String>> {
        parse_key(key)?;
        let get = self.client().get_object().bucket(self.bucket()).key(key);
        let signed = get.presigned(Self::presigning(valid)?).await.map_err(classify)?;
        Ok(Some(signed.uri().to_owned()))
    }
}
