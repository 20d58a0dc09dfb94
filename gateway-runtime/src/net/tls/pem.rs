//! From PEM to a rustls configuration, with errors that name the file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys, ServerConfig};

use super::TlsError;
use super::options::Source;

/// The only protocol that is spoken.
const ALPN: &[u8] = b"http/1.1";

/// PEM text and where it came from.
struct Pem {
    name: String,
    bytes: Vec<u8>,
}

impl Pem {
    fn read(path: &Path) -> Result<Self, TlsError> {
        let name = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => Ok(Self { name, bytes }),
            Err(source) => Err(TlsError::Read { file: name, source }),
        }
    }
}

/// The configuration that a source stands for, as it is now.
pub(super) fn load(source: &Source) -> Result<Arc<ServerConfig>, TlsError> {
    match source {
        Source::Files { certificate, key } => config(Pem::read(certificate)?, &Pem::read(key)?),
        Source::Pem { certificate, key } => config(
            Pem { name: "the certificate's PEM".to_owned(), bytes: certificate.clone() },
            &Pem { name: "the key's PEM".to_owned(), bytes: key.clone() },
        ),
        Source::Config(config) => {
            let speaks = |protocol: &Vec<u8>| protocol == ALPN;
            if !config.alpn_protocols.iter().all(speaks) {
                let offered = config.alpn_protocols.iter();
                let offered = offered.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
                return Err(TlsError::Alpn { offered });
            }
            Ok(config.clone())
        }
    }
}

fn config(certificate: Pem, key: &Pem) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let certified = certified(certificate, key, &provider)?;
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|source| TlsError::Unusable { file: key.name.clone(), source })?;
    let mut config = builder
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    // Sessions are resumed from what the client keeps, so that clients that left cost nothing here.
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Ticketer)?;
    Ok(Arc::new(config))
}

fn certified(certificate: Pem, key: &Pem, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&certificate.bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| invalid(&certificate.name, &error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { file: certificate.name });
    }
    let private = private_key(key)?;
    let unusable = |file: &str, source| TlsError::Unusable { file: file.to_owned(), source };
    let signing = provider.key_provider.load_private_key(private);
    let certified = CertifiedKey::new(chain, signing.map_err(|source| unusable(&key.name, source))?);
    match certified.keys_match() {
        // Some kinds of key do not tell; rustls takes them as well.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(TlsError::KeyMismatch { certificate: certificate.name, key: key.name.clone() })
        }
        Err(source) => Err(unusable(&certificate.name, source)),
    }
}

fn private_key(key: &Pem) -> Result<PrivateKeyDer<'static>, TlsError> {
    let file = || key.name.clone();
    let marked = |mark: &str| key.bytes.windows(mark.len()).any(|window| window == mark.as_bytes());
    // PKCS#8's own, and that of the older forms.
    if marked("BEGIN ENCRYPTED PRIVATE KEY") || marked("Proc-Type: 4,ENCRYPTED") {
        return Err(TlsError::EncryptedKey { file: file() });
    }
    PrivateKeyDer::from_pem_slice(&key.bytes).map_err(|error| match error {
        PemError::NoItemsFound => TlsError::NoKey { file: file() },
        error => invalid(&key.name, &error),
    })
}

/// The error's own text may hold bytes of the file, which may be a key's.
fn invalid(file: &str, error: &PemError) -> TlsError {
    let reason = match error {
        PemError::MissingSectionEnd { .. } => "a section has no end (it is cut off)",
        PemError::IllegalSectionStart { .. } => "a line `-----BEGIN …` is malformed",
        PemError::Base64Decode(_) => "a section is not base64",
        _ => "it cannot be parsed",
    };
    TlsError::Pem { file: file.to_owned(), reason: reason.to_owned() }
}
