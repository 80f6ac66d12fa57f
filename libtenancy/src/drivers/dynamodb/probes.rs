//! Whether the tables are those that are written to: their keys, their indexes, their expiry.

use super::{DynamoDb, schema::Step};
use crate::{
    error::{Error, Result},
    ports::probes::{Look, Probed, Probes},
};

impl DynamoDb {
    async fn look(&self) -> Result<Probed> {
        let missing = match self.schema_plan().await {
            Ok(missing) => missing,
            // Who only reads and writes items may be kept from seeing what they are in.
            Err(Error::Refused { reason, .. }) => {
                let fix = "allow `dynamodb:DescribeTable` and `dynamodb:DescribeTimeToLive`";
                return Ok(Probed::warn(format!("the tables may not be looked at: {reason}"), fix));
            }
            Err(error @ Error::Invalid { .. }) => {
                return Ok(Probed::fail(error.chain(), "name other tables in the context, or move that one away"));
            }
            Err(error) => return Err(error),
        };
        let steps = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let text = format!("missing: {steps}");
        Ok(if missing.is_empty() {
            Probed::ok("keys, indexes and expiry are as they must be")
        } else if missing.iter().all(|step| matches!(step, Step::ExpireItems { .. })) {
            Probed::warn(text, "`ztm admin init` makes it")
        } else {
            Probed::fail(text, "`ztm admin init` makes it")
        })
    }
}

impl Probes for DynamoDb {
    fn probe_looks(&self) -> Vec<Look<'_>> {
        vec![Look { part: "tables", look: Box::pin(self.look()) }]
    }
}
