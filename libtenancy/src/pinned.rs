//! TLS between programs that know each other's keys: no names, no authorities, no certificates.
//!
//! Both sides show a raw public key ([RFC 7250](https://www.rfc-editor.org/rfc/rfc7250)), and each holds the other's against
//! the [`Pin`] it was told. Who has no pin yet may take any key, and learns which one it was. TLS 1.3 only.
//!
//! Owns keys, pins and the two configurations. Does not own how a pin becomes known (`drivers::kubernetes`).

use std::{fmt, str::FromStr, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, PeerIncompatible, ServerConfig,
    SignatureScheme,
    client::{
        AlwaysResolvesClientRawPublicKeys,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime},
    server::{
        AlwaysResolvesServerRawPublicKeys,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    secret::random_bytes,
};

/// What precedes the 32 bytes of an Ed25519 key in PKCS #8 ([RFC 8410](https://www.rfc-editor.org/rfc/rfc8410), section 7).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Names a public key: the SHA-256 of its `SubjectPublicKeyInfo`, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin([u8; 32]);

impl Pin {
    fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// The key that the other side of a finished handshake has shown.
    pub fn of_peer(connection: &rustls::CommonState) -> Option<Self> {
        connection.peer_certificates().and_then(|keys| keys.first()).map(|key| Self::of(key))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

impl FromStr for Pin {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| Error::invalid("key", "a public key is named by 64 hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Pin {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.to_string()
    }
}

/// Whom to speak with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The holder of this key alone.
    Pinned(Pin),
    /// The holder of any key; see [`Pin::of_peer`].
    Any,
}

/// A key pair (Ed25519) of one's own.
#[derive(Clone)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    pin: Pin,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("pin", &self.pin).finish_non_exhaustive()
    }
}

impl Identity {
    /// A new one.
    pub fn random() -> Result<Self> {
        Self::from_seed(&Zeroizing::new(random_bytes::<32>()?))
    }

    /// Always the same one for the same secret: whoever has a keyring has the identity that is derived from it.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self> {
        let failed = |e: &dyn fmt::Display| Error::internal(format!("no key pair: {e}"));
        let pkcs8 = Zeroizing::new([PKCS8_HEAD.as_slice(), seed].concat());
        let signing = aws_lc_rs::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8.as_slice()));
        let signing = signing.map_err(|e| failed(&e))?;
        let public = signing.public_key().ok_or_else(|| failed(&"it has no public half"))?;
        let pin = Pin::of(&public);
        let key = CertifiedKey::new(vec![CertificateDer::from(public.to_vec())], signing);
        Ok(Self { key: Arc::new(key), pin })
    }

    /// What others know it by.
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// Accepts connections of `peer`.
    pub fn server(&self, peer: Peer) -> Result<Arc<ServerConfig>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Arc::new(Verifier { peer, provider: Arc::clone(&provider) });
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| Error::internal(format!("no TLS: {e}")))?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::clone(&self.key))));
        Ok(Arc::new(config))
    }

    /// Connects to `peer`.
    pub fn client(&self, peer: Peer) -> Result<Arc<ClientConfig>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Arc::new(Verifier { peer, provider: Arc::clone(&provider) });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| Error::internal(format!("no TLS: {e}")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::clone(&self.key))));
        // There is no name to ask for, and a resumed session would show no key.
        config.enable_sni = false;
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Arc::new(config))
    }
}

/// The name that a pinned connection is opened under; nobody looks at it.
pub fn no_name() -> ServerName<'static> {
    ServerName::IpAddress(std::net::IpAddr::from([0, 0, 0, 0]).into())
}

#[derive(Debug)]
struct Verifier {
    peer: Peer,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn check(&self, key: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        match self.peer {
            Peer::Any => Ok(()),
            Peer::Pinned(pin) if pin == Pin::of(key) => Ok(()),
            Peer::Pinned(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let key = SubjectPublicKeyInfoDer::from(key.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.provider.signature_verification_algorithms)
    }
}

/// Never asked: TLS 1.2 is not spoken.
fn too_old() -> rustls::Error {
    PeerIncompatible::Tls12NotOffered.into()
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.check(key).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify(message, key, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.check(key).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify(message, key, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// What each side saw of the other: its pin, and whether its byte arrived.
    async fn meet(server: (&Identity, Peer), client: (&Identity, Peer)) -> (Option<Pin>, Option<Pin>) {
        let (here, there) = tokio::io::duplex(4096);
        let acceptor = TlsAcceptor::from(server.0.server(server.1).unwrap());
        let connector = TlsConnector::from(client.0.client(client.1).unwrap());
        let serving = async {
            let mut stream = acceptor.accept(here).await.ok()?;
            stream.write_all(b"s").await.ok()?;
            (stream.read_u8().await.ok()? == b'c').then(|| Pin::of_peer(stream.get_ref().1))?
        };
        let asking = async {
            let mut stream = connector.connect(no_name(), there).await.ok()?;
            stream.write_all(b"c").await.ok()?;
            (stream.read_u8().await.ok()? == b's').then(|| Pin::of_peer(stream.get_ref().1))?
        };
        tokio::join!(serving, asking)
    }

    #[tokio::test]
    async fn each_side_speaks_with_the_holder_of_the_key_it_was_told_and_with_nobody_else() {
        let (a, b, stranger) = (Identity::random().unwrap(), Identity::random().unwrap(), Identity::random().unwrap());
        let (to_a, to_b) = (Peer::Pinned(a.pin()), Peer::Pinned(b.pin()));
        assert_eq!(meet((&a, to_b), (&b, to_a)).await, (Some(b.pin()), Some(a.pin())));
        assert_eq!(meet((&a, Peer::Any), (&b, to_a)).await, (Some(b.pin()), Some(a.pin())));
        assert_eq!(meet((&a, to_b), (&stranger, to_a)).await, (None, None), "a stranger asks");
        assert_eq!(meet((&stranger, to_b), (&b, to_a)).await, (None, None), "a stranger answers");
    }

    #[test]
    fn one_secret_is_one_identity_and_a_pin_is_read_back() {
        let pin = |seed| Identity::from_seed(&[seed; 32]).unwrap().pin();
        assert_eq!(pin(1), pin(1));
        assert_ne!(pin(1), pin(2));
        assert_eq!(pin(1).to_string().parse::<Pin>().unwrap(), pin(1));
        for wrong in ["", "00", &"g".repeat(64), &"0".repeat(66)] {
            assert!(wrong.parse::<Pin>().is_err(), "{wrong}");
        }
    }
}
