//! The bucket: that it is there, that nobody else reads it, and that uploads whose process died are aborted.
//!
//! Nothing is ever removed or changed here; rules that others made stay.

use std::fmt;

use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    types::{
        AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint,
        CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
        PublicAccessBlockConfiguration,
    },
};
use serde::Serialize;

use super::{
    S3Snapshots,
    connection::{PART, classify, read, status},
};
use crate::error::{Error, Result};

/// The name of our lifecycle rule.
const RULE: &str = "ztm-abort-uploads";

/// After how many days an upload that nobody completes is aborted.
const DAYS: i32 = 2;

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// The bucket.
    CreateBucket {
        /// Its name.
        bucket: String,
    },
    /// That nothing in it can be public.
    BlockPublicAccess {
        /// The bucket.
        bucket: String,
    },
    /// The rule that aborts uploads which nobody completes.
    AbortUploads {
        /// The bucket.
        bucket: String,
        /// After so many days.
        days: i32,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateBucket { bucket } => write!(f, "create bucket `{bucket}`"),
            Self::BlockPublicAccess { bucket } => write!(f, "block public access to bucket `{bucket}`"),
            Self::AbortUploads { bucket, days } => {
                write!(f, "abort uploads to bucket `{bucket}` that are not completed within {days} days")
            }
        }
    }
}

impl S3Snapshots {
    /// What is missing, in the order in which it is to be made. Changes nothing.
    pub async fn bucket_plan(&self) -> Result<Vec<Step>> {
        let bucket = self.bucket().to_owned();
        let all = [
            Step::CreateBucket { bucket: bucket.clone() },
            Step::BlockPublicAccess { bucket: bucket.clone() },
            Step::AbortUploads { bucket, days: DAYS },
        ];
        match self.client().head_bucket().bucket(self.bucket()).send().await {
            Ok(_) => {}
            Err(error) if status(&error) == Some(404) => return Ok(all.into()),
            Err(error) => return Err(classify(error)),
        }
        let [_, block, abort] = all;
        let mut steps = Vec::new();
        if !self.is_private().await? {
            steps.push(block);
        }
        if !self.rules().await?.iter().any(|rule| rule.id() == Some(RULE)) {
            steps.push(abort);
        }
        Ok(steps)
    }

    /// Makes what is missing, and returns what was made. A repeat does no more.
    pub async fn bucket_apply(&self) -> Result<Vec<Step>> {
        let steps = self.bucket_plan().await?;
        for step in &steps {
            match step {
                Step::CreateBucket { .. } => self.bucket_create().await?,
                Step::BlockPublicAccess { .. } => {
                    let block = PublicAccessBlockConfiguration::builder()
                        .block_public_acls(true)
                        .ignore_public_acls(true)
                        .block_public_policy(true)
                        .restrict_public_buckets(true)
                        .build();
                    let put = self.client().put_public_access_block().bucket(self.bucket());
                    read(put.public_access_block_configuration(block).send().await)?;
                }
                Step::AbortUploads { .. } => {
                    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(DAYS).build();
                    let rule = LifecycleRule::builder()
                        .id(RULE)
                        .status(ExpirationStatus::Enabled)
                        .filter(LifecycleRuleFilter::builder().prefix("tenants/").build())
                        .abort_incomplete_multipart_upload(abort)
                        .build()
                        .map_err(|error| Error::internal(format!("{PART}: {error}")))?;
                    let mut rules = self.rules().await?;
                    rules.push(rule);
                    let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
                    let rules = rules.map_err(|error| Error::internal(format!("{PART}: {error}")))?;
                    let put = self.client().put_bucket_lifecycle_configuration().bucket(self.bucket());
                    read(put.lifecycle_configuration(rules).send().await)?;
                }
            }
        }
        Ok(steps)
    }

    async fn bucket_create(&self) -> Result<()> {
        let mut create = self.client().create_bucket().bucket(self.bucket());
        // The first region is the only one that must not be named.
        let region = self.client().config().region().map(ToString::to_string).filter(|region| region != "us-east-1");
        if let Some(region) = region {
            let place = BucketLocationConstraint::from(region.as_str());
            let place = CreateBucketConfiguration::builder().location_constraint(place).build();
            create = create.create_bucket_configuration(place);
        }
        match create.send().await {
            Err(error) if error.code() == Some("BucketAlreadyOwnedByYou") => Ok(()),
            Err(error) if error.code() == Some("BucketAlreadyExists") => {
                Err(Error::Refused { part: PART, reason: format!("bucket `{}` is somebody else's", self.bucket()) })
            }
            created => read(created).map(drop),
        }
    }

    async fn is_private(&self) -> Result<bool> {
        match self.client().get_public_access_block().bucket(self.bucket()).send().await {
            Ok(found) => Ok(found.public_access_block_configuration.is_some_and(|block| {
                let all = [
                    block.block_public_acls,
                    block.ignore_public_acls,
                    block.block_public_policy,
                    block.restrict_public_buckets,
                ];
                all.iter().all(|set| *set == Some(true))
            })),
            Err(error) if status(&error) == Some(404) => Ok(false),
            Err(error) => Err(classify(error)),
        }
    }

    async fn rules(&self) -> Result<Vec<LifecycleRule>> {
        match self.client().get_bucket_lifecycle_configuration().bucket(self.bucket()).send().await {
            Ok(found) => Ok(found.rules.unwrap_or_default()),
            Err(error) if status(&error) == Some(404) => Ok(Vec::new()),
            Err(error) => Err(classify(error)),
        }
    }
}
