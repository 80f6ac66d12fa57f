//! Whether the bucket is there, private, and rid of uploads that nobody completes.

use super::{S3Snapshots, bucket::Step};
use crate::{
    error::{Error, Result},
    ports::probes::{Look, Probed, Probes},
};

impl S3Snapshots {
    async fn look(&self) -> Result<Probed> {
        let missing = match self.bucket_plan().await {
            Ok(missing) => missing,
            // Who only reads and writes objects may be kept from seeing how the bucket is set up.
            Err(Error::Refused { reason, .. }) => {
                let fix = "allow `s3:GetBucketPublicAccessBlock` and `s3:GetLifecycleConfiguration`";
                return Ok(Probed::warn(format!("its settings may not be looked at: {reason}"), fix));
            }
            Err(error) => return Err(error),
        };
        let steps = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let text = format!("missing: {steps}");
        Ok(if missing.is_empty() {
            Probed::ok("it is private, and uploads that nobody completes are aborted")
        } else if missing.iter().any(|step| matches!(step, Step::CreateBucket { .. })) {
            Probed::fail(text, "`ztm admin init` makes it")
        } else {
            Probed::warn(text, "`ztm admin init` makes it")
        })
    }
}

impl Probes for S3Snapshots {
    fn probe_looks(&self) -> Vec<Look<'_>> {
        vec![Look { part: "bucket", look: Box::pin(self.look()) }]
    }
}
