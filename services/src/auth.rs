//! Who calls, and what they may do.
//!
//! Owns roles, actions, and whose a bearer token is: one from a file, or one that a cluster made for a service account of ours.
//! Does not own routes: each route of [`crate::orchestrator`] is
//! declared with the [`Action`] it stands for, so that none can be forgotten.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libtenancy::{
    Error, Result,
    clock::Stopwatch,
    ports::identities::Identities,
    secret::{Secret, read_private, write_private_once},
};
use sha2::{Digest, Sha256};

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks, wakes, stops, replays.
    Operator,
    /// Everything that people do.
    Admin,
    /// Another part of the control plane (the router): what it needs, and bot tokens.
    Service,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Shows records and numbers.
    Read,
    /// Shows what people wrote to agents.
    ReadContent,
    /// Wakes an agent, or reports work for it.
    Wake,
    /// Stops an agent, replays an update, registers a webhook.
    Operate,
    /// Creates, changes, deletes, throws away.
    Administer,
    /// Claims, renews and ends leases of jobs, and runs them: a worker.
    Lease,
    /// Hands out a bot's token.
    BotToken,
}

impl Role {
    /// In a word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Service => "service",
        }
    }

    /// Whether this role may do that.
    pub fn may(self, action: Action) -> bool {
        match action {
            Action::Read => true,
            Action::ReadContent | Action::Operate => matches!(self, Self::Operator | Self::Admin),
            Action::Wake => matches!(self, Self::Operator | Self::Admin | Self::Service),
            Action::Lease => matches!(self, Self::Admin | Self::Service),
            Action::Administer => self == Self::Admin,
            Action::BotToken => self == Self::Service,
        }
    }
}

/// The tokens that are known, each with its role, and whom else may be asked.
#[derive(Default)]
pub struct Auth {
    tokens: Vec<(Secret, Role)>,
    cluster: Option<Cluster>,
}

/// Whoever knows the cluster's tokens, and what it said lately.
struct Cluster {
    identities: Arc<dyn Identities>,
    namespace: String,
    lately: Mutex<HashMap<[u8; 32], Answered>>,
}

/// What the cluster said of a token, and when.
type Answered = (Option<Role>, Stopwatch);

/// The audience of tokens for this.
pub const AUDIENCE: &str = "ztm";

/// How long an answer of the cluster counts: that long a revoked token is taken, and a flood of one costs one question.
const COUNTS_FOR: Duration = Duration::from_secs(30);

/// Answers that are kept.
const KEPT: usize = 1_024;

/// The longest token that is shown to the cluster, in bytes.
const MAX_TOKEN: usize = 8 << 10;

/// What a service account of the control plane's namespace is.
fn role_of_account(name: &str) -> Option<Role> {
    match name {
        "ztm-viewer" => Some(Role::Viewer),
        "ztm-operator" => Some(Role::Operator),
        "ztm-admin" => Some(Role::Admin),
        "ztm-worker" => Some(Role::Service),
        _ => None,
    }
}

impl Cluster {
    async fn identify(&self, token: &[u8]) -> Result<Option<Role>> {
        let Ok(token) = std::str::from_utf8(token) else { return Ok(None) };
        // A token of a cluster is a JSON Web Token; nothing else is worth a question.
        if token.len() > MAX_TOKEN || token.split('.').count() != 3 {
            return Ok(None);
        }
        let key: [u8; 32] = Sha256::digest(token).into();
        let lately = || self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((role, at)) = lately().get(&key)
            && at.elapsed() < COUNTS_FOR
        {
            return Ok(*role);
        }
        let prefix = format!("system:serviceaccount:{}:", self.namespace);
        let user = self.identities.identity_of(token, AUDIENCE).await?;
        let role = user.as_deref().and_then(|user| user.strip_prefix(&prefix)).and_then(role_of_account);
        let mut lately = lately();
        if lately.len() >= KEPT {
            lately.retain(|_, (_, at)| at.elapsed() < COUNTS_FOR);
        }
        if lately.len() < KEPT {
            lately.insert(key, (role, Stopwatch::start()));
        }
        Ok(role)
    }
}

/// A token has at least so many characters: it cannot be guessed.
const MIN_TOKEN: usize = 32;

impl Auth {
    /// From tokens at hand. [`Error::Invalid`] for one that could be guessed.
    pub fn new(tokens: Vec<(Secret, Role)>) -> Result<Self> {
        if tokens.iter().any(|(token, _)| token.expose().len() < MIN_TOKEN) {
            return Err(Error::invalid("token", format!("it must have at least {MIN_TOKEN} characters")));
        }
        Ok(Self { tokens, cluster: None })
    }

    /// These, and tokens that a cluster made for service accounts of `namespace`, audience [`AUDIENCE`].
    #[must_use]
    pub fn with_cluster(self, identities: Arc<dyn Identities>, namespace: &str) -> Self {
        let cluster = Cluster { identities, namespace: namespace.to_owned(), lately: Mutex::default() };
        Self { cluster: Some(cluster), ..self }
    }

    /// The API token ([`Role::Admin`]) and the service token ([`Role::Service`]) from files of mode 0600, each made if
    /// it is not there. [`Error::Forbidden`] if others can read one; [`Error::Corrupt`] if one holds no token.
    pub fn load_or_create(api_token: &Path, service_token: &Path) -> Result<Self> {
        Ok(Self {
            tokens: vec![(load_or_create(api_token)?, Role::Admin), (load_or_create(service_token)?, Role::Service)],
            cluster: None,
        })
    }

    /// Who sends this `Authorization` header. Compares with every token, in constant time for equal lengths, and asks the cluster
    /// about others.
    pub async fn identify(&self, header: Option<&[u8]>) -> Result<Role> {
        let given = header
            .and_then(|header| header.split_at_checked(7))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
            .map(|(_, token)| token.trim_ascii())
            .ok_or(Error::Unauthenticated)?;
        let mut found = None;
        for (token, role) in &self.tokens {
            if token.matches(given) {
                found = Some(*role);
            }
        }
        match (found, &self.cluster) {
            (None, Some(cluster)) => cluster.identify(given).await?.ok_or(Error::Unauthenticated),
            (found, _) => found.ok_or(Error::Unauthenticated),
        }
    }

    /// [`Auth::identify`], then whether that role may do `action`.
    pub async fn allow(&self, header: Option<&[u8]>, action: Action) -> Result<Role> {
        let role = self.identify(header).await?;
        if role.may(action) {
            Ok(role)
        } else {
            Err(Error::Forbidden { reason: format!("the role {role:?} may not do this ({action:?})").to_lowercase() })
        }
    }
}

/// Reads a token file, for either side.
pub fn token_read(path: &Path) -> Result<Secret> {
    let token = Secret::new(read_private(path)?.trim());
    if token.expose().len() < MIN_TOKEN || !token.expose().bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::Corrupt {
            what: "token file",
            path: path.to_path_buf(),
            reason: format!("it must hold one token of at least {MIN_TOKEN} visible characters"),
        });
    }
    Ok(token)
}

fn load_or_create(path: &Path) -> Result<Secret> {
    if !path.try_exists().map_err(Error::io("open", path))? {
        write_private_once(path, format!("{}\n", Secret::random()?.expose()).as_bytes())?;
    }
    token_read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 4] = [Role::Viewer, Role::Operator, Role::Admin, Role::Service];

    #[tokio::test]
    async fn s1_only_a_known_bearer_token_is_somebody() {
        let token = "a".repeat(MIN_TOKEN);
        let auth = Auth::new(vec![(Secret::new(&*token), Role::Viewer)]).unwrap();
        assert_eq!(auth.identify(Some(format!("Bearer {token}").as_bytes())).await.unwrap(), Role::Viewer);
        assert_eq!(auth.identify(Some(format!("bEARER  {token} ").as_bytes())).await.unwrap(), Role::Viewer);
        let longer = format!("Bearer {token}a");
        let shorter = format!("Bearer {}", &token[1..]);
        let basic = format!("Basic {token}");
        for header in ["", "Bearer", "Bearer ", &token, &longer, &shorter, &basic] {
            assert!(matches!(auth.identify(Some(header.as_bytes())).await, Err(Error::Unauthenticated)), "{header}");
        }
        assert!(matches!(auth.identify(None).await, Err(Error::Unauthenticated)));
        assert!(Auth::new(vec![(Secret::new(""), Role::Admin)]).is_err());
    }

    /// A cluster that counts its questions.
    #[derive(Default)]
    struct Counting(std::sync::atomic::AtomicUsize);

    #[async_trait::async_trait]
    impl Identities for Counting {
        async fn identity_of(&self, token: &str, audience: &str) -> Result<Option<String>> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(audience, "ztm");
            Ok(token.strip_prefix("good.").map(|rest| format!("system:serviceaccount:{}", rest.replace('.', ":"))))
        }
    }

    #[tokio::test]
    async fn a_clusters_token_is_what_its_account_is_and_one_question_is_enough() {
        let cluster = Arc::new(Counting::default());
        let auth = Auth::default().with_cluster(cluster.clone(), "ztm");
        let identify = async |token: &str| auth.identify(Some(format!("Bearer {token}").as_bytes())).await;
        assert_eq!(identify("good.ztm.ztm-viewer").await.unwrap(), Role::Viewer);
        assert_eq!(identify("good.ztm.ztm-admin").await.unwrap(), Role::Admin);
        for token in ["good.other.ztm-admin", "good.ztm.default", "bad.ztm.ztm-admin"] {
            for _ in 0..3 {
                assert!(matches!(identify(token).await, Err(Error::Unauthenticated)), "{token}");
            }
        }
        assert_eq!(cluster.0.load(std::sync::atomic::Ordering::Relaxed), 5);
        assert!(identify("no-token-of-a-cluster").await.is_err());
        assert_eq!(cluster.0.load(std::sync::atomic::Ordering::Relaxed), 5, "and none is asked in vain");
    }

    #[test]
    fn s2_a_bots_token_is_for_the_service_alone() {
        assert_eq!(ROLES.map(|role| role.may(Action::BotToken)), [false, false, false, true]);
        assert_eq!(ROLES.map(|role| role.may(Action::Administer)), [false, false, true, false]);
        assert_eq!(ROLES.map(|role| role.may(Action::Operate)), [false, true, true, false]);
        assert_eq!(ROLES.map(|role| role.may(Action::ReadContent)), [false, true, true, false]);
        assert_eq!(ROLES.map(|role| role.may(Action::Wake)), [false, true, true, true]);
        assert_eq!(ROLES.map(|role| role.may(Action::Lease)), [false, false, true, true]);
        assert_eq!(ROLES.map(|role| role.may(Action::Read)), [true; 4]);
    }

    #[tokio::test]
    async fn token_files_are_made_once_and_never_open_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (api, service) = (dir.path().join("api.token"), dir.path().join("service.token"));
        Auth::load_or_create(&api, &service).unwrap();
        let token = token_read(&api).unwrap();
        let auth = Auth::load_or_create(&api, &service).unwrap();
        let header = format!("Bearer {}", token.expose());
        assert_eq!(auth.identify(Some(header.as_bytes())).await.unwrap(), Role::Admin);
        assert_eq!(std::fs::metadata(&api).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&api, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Auth::load_or_create(&api, &service), Err(Error::Forbidden { .. })));
        std::fs::set_permissions(&api, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&api, "\n").unwrap();
        assert!(matches!(Auth::load_or_create(&api, &service), Err(Error::Corrupt { .. })));
    }
}
