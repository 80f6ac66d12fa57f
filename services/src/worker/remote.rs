//! A worker's desk over HTTP: the lease API of an orchestrator on another machine.

use std::time::Duration;

use async_trait::async_trait;
use libtenancy::{
    Error, Result,
    api::jobs::{
        ClaimJobs, ClaimedJobs, FinalizeLease, FinalizeLeases, FinalizedLeases, PrepareTurn, RenewLease, RenewLeases,
        RenewedLeases, RunTurn, TurnDone, TurnReady,
    },
    jobs::{Finish, JobEpoch, LEASE, Leased, Outcome, Renewal, Renewed, WorkerId},
    secret::Secret,
};
use serde::{Serialize, de::DeserializeOwned};

use super::Desk;
use crate::http_error::error_from;

/// The part that errors name.
const PART: &str = "orchestrator";

/// How long an answer may take beyond what it was asked to wait: short beside a lease, so that there is time to ask again.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an agent may take for a job: leases are renewed meanwhile, and a lost one ends it.
const TURN: Duration = Duration::from_secs(3_600);

/// An orchestrator at a URL.
pub struct Remote {
    client: reqwest::Client,
    url: String,
    token: Secret,
}

impl Remote {
    /// A desk at `url`, as whoever the token says. Asks nothing yet. `Invalid` if that is no URL.
    pub fn new(url: &str, token: Secret) -> Result<Self> {
        let parsed = reqwest::Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"));
        let Some(parsed) = parsed else {
            return Err(Error::invalid("orchestrator", "it must be a URL, as http://orchestrator:8080"));
        };
        // A redirect could carry the token elsewhere; the API has none.
        let mut builder =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).connect_timeout(PATIENCE);
        if parsed.scheme() == "http" {
            // No proxy may see a token in the clear.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        let client = builder.build().map_err(|e| Error::unavailable(PART, e))?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), token })
    }

    async fn post<B: Serialize + Sync, T: DeserializeOwned>(&self, path: &str, body: &B, wait: Duration) -> Result<T> {
        let asked = self
            .client
            .post(format!("{}{path}", self.url))
            .bearer_auth(self.token.expose())
            .json(body)
            .timeout(wait + PATIENCE)
            .send()
            .await;
        let failed = |e: reqwest::Error| {
            let e = e.without_url();
            if e.is_connect() { Error::unavailable(PART, e) } else { Error::outcome_unknown(PART, e) }
        };
        let answer = asked.map_err(failed)?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(failed)?;
        if !status.is_success() {
            return Err(error_from(status.as_u16(), &bytes));
        }
        serde_json::from_slice(&bytes).map_err(|e| Error::outcome_unknown(PART, e))
    }
}

#[async_trait]
impl Desk for Remote {
    async fn claim(&self, worker: &WorkerId, max: usize, wait: Duration) -> Result<Vec<Leased>> {
        let asked = ClaimJobs { worker: worker.to_string(), max, lease_s: LEASE.as_secs(), wait_s: wait.as_secs() };
        let claimed: ClaimedJobs = self.post("/leases/claim", &asked, wait).await?;
        let leased = |job: libtenancy::api::jobs::LeasedJob| {
            Ok(Leased {
                id: job.job_id.parse()?,
                agent: job.agent_id.parse()?,
                prompt: job.prompt,
                cost: job.cost_gpu_seconds,
                attempt: job.attempt,
                epoch: JobEpoch(job.epoch),
                lease_until: job.lease_until,
                pointer: job.pointer,
            })
        };
        claimed.jobs.into_iter().map(leased).collect()
    }

    async fn renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>> {
        let leases = renewals
            .into_iter()
            .map(|renewal| RenewLease {
                job_id: renewal.id.to_string(),
                epoch: renewal.epoch.0,
                lease_s: renewal.lease.as_secs(),
                need_gpu_seconds: renewal.need,
            })
            .collect();
        let renewed: RenewedLeases = self.post("/leases/renew", &RenewLeases { leases }, Duration::ZERO).await?;
        let answer = |lease: libtenancy::api::jobs::RenewedLease| {
            let reason = match lease.reason.as_deref() {
                Some("budget") => "budget",
                Some("credits") => "credits",
                _ => "cancelled",
            };
            match (lease.answer.as_str(), lease.lease_until) {
                ("continue", Some(lease_until)) => Renewed::Continue { lease_until },
                ("cancel", Some(lease_until)) => Renewed::Cancel { lease_until, reason },
                _ => Renewed::Lost,
            }
        };
        Ok(renewed.leases.into_iter().map(answer).collect())
    }

    async fn finalize(&self, finish: Finish) -> Result<()> {
        let mut lease = FinalizeLease {
            job_id: finish.id.to_string(),
            epoch: finish.epoch.0,
            used_gpu_seconds: finish.used,
            ..FinalizeLease::default()
        };
        match finish.outcome {
            Outcome::Succeeded { result, pointer } => {
                "succeeded".clone_into(&mut lease.outcome);
                (lease.result, lease.pointer) = (Some(result), pointer);
            }
            Outcome::Failed { error, retry } => {
                "failed".clone_into(&mut lease.outcome);
                (lease.error, lease.retry) = (Some(error), Some(retry));
            }
            Outcome::Released { after } => {
                "released".clone_into(&mut lease.outcome);
                lease.after_s = Some(after.as_secs());
            }
        }
        let finalized: FinalizedLeases =
            self.post("/leases/finalize", &FinalizeLeases { leases: vec![lease] }, Duration::ZERO).await?;
        match finalized.leases.into_iter().next().and_then(|lease| lease.error) {
            None => Ok(()),
            Some(error) if error.code == "not_found" => Err(Error::not_found("job", &finish.id)),
            Some(_) => Err(libtenancy::partition::lease_lost(&finish.id)),
        }
    }

    async fn prepare(&self, leased: &Leased) -> Result<()> {
        let turn = PrepareTurn { job_id: leased.id.to_string(), epoch: leased.epoch.0 };
        self.post::<_, TurnReady>("/turns/prepare", &turn, TURN).await.map(drop)
    }

    async fn execute(&self, leased: &Leased) -> Result<String> {
        let turn = RunTurn { job_id: leased.id.to_string(), epoch: leased.epoch.0, prompt: leased.prompt.clone() };
        self.post::<_, TurnDone>("/turns", &turn, TURN).await.map(|done| done.response)
    }
}
