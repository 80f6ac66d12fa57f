//! Tokens of service accounts, reviewed by the cluster that made them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec};
use kube::{Api, api::PostParams};

use super::{Kubernetes, connection::classify};
use crate::{error::Result, ports::identities::Identities};

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reviewed {
    /// Whose it is: `system:serviceaccount:NAMESPACE:NAME`.
    pub(super) user: String,
    /// More about it: which pod it is bound to, say.
    pub(super) extra: BTreeMap<String, Vec<String>>,
}

/// What a review found; `None` if the token is not good, or not for this audience. A server that knows no audiences takes
/// every token for good, and says none.
pub(super) fn reviewed(review: TokenReview, audience: &str) -> Option<Reviewed> {
    let status = review.status.unwrap_or_default();
    let is_for_it = status.audiences.iter().flatten().any(|said| said == audience);
    let user = status.user.filter(|_| status.authenticated == Some(true) && is_for_it)?;
    Some(Reviewed { user: user.username?, extra: user.extra.unwrap_or_default() })
}

impl Kubernetes {
    /// Has the cluster look at a token.
    pub(super) async fn review(&self, token: String, audience: &str) -> Result<Option<Reviewed>> {
        let spec = TokenReviewSpec { token, audiences: Some(vec![audience.to_owned()]) };
        let review = TokenReview { spec, ..TokenReview::default() };
        let review = Api::all(self.clients.asking.clone()).create(&PostParams::default(), &review).await;
        Ok(reviewed(review.map_err(|error| classify(error, false))?, audience))
    }
}

#[async_trait]
impl Identities for Kubernetes {
    async fn identity_of(&self, token: &str, audience: &str) -> Result<Option<String>> {
        Ok(self.review(token.to_owned(), audience).await?.map(|reviewed| reviewed.user))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_good_only_for_the_audience_it_was_made_for() {
        let review = |status| serde_json::from_value(json!({ "spec": {}, "status": status })).unwrap();
        let user = json!({ "username": "u" });
        let good = review(json!({ "authenticated": true, "audiences": ["ztm"], "user": user }));
        assert_eq!(reviewed(good, "ztm"), Some(Reviewed { user: "u".to_owned(), extra: BTreeMap::new() }));
        for status in [
            json!({ "authenticated": true, "audiences": ["api"], "user": user }),
            json!({ "authenticated": true, "user": user }),
            json!({ "authenticated": false, "audiences": ["ztm"], "user": user }),
            json!({ "audiences": ["ztm"], "user": user }),
            json!({}),
        ] {
            assert_eq!(reviewed(review(status.clone()), "ztm"), None, "{status}");
        }
    }
}
