//! Certificates that are made for one test, and files for them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gateway_runtime::rustls::pki_types::pem::PemObject;
use gateway_runtime::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use gateway_runtime::rustls::{ClientConfig, RootCertStore, crypto::ring};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsConnector;

/// An authority that signs certificates for `localhost`.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// PEM of a certificate chain and of its key.
pub(crate) struct Signed {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Not the default, which the server's certificate has: it would look as if it signed itself.
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn sign(&self) -> Signed {
        self.sign_key(&KeyPair::generate().expect("a key"))
    }

    pub(crate) fn sign_key(&self, key: &KeyPair) -> Signed {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).expect("parameters");
        let certificate = params.signed_by(key, &self.issuer).expect("a certificate");
        Signed { chain: certificate.pem() + &self.pem, key: key.serialize_pem() }
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("PEM")).expect("a root");
        roots
    }

    /// A client that trusts this authority, with a certificate if there is one.
    pub(crate) fn connector(&self, own: Option<&Signed>) -> TlsConnector {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(self.roots());
        let mut config = match own {
            Some(own) => config.with_client_auth_cert(chain(own), key(own)).expect("a certificate"),
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config).into()
    }
}

pub(crate) fn chain(signed: &Signed) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(signed.chain.as_bytes()).collect::<Result<_, _>>().expect("PEM")
}

pub(crate) fn key(signed: &Signed) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).expect("PEM")
}

/// A folder of a test's own, removed when the test ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        Self::within(&std::env::temp_dir(), name)
    }

    /// In memory where there is such a folder: what is written there waits for no disk.
    pub(crate) fn in_memory(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::within(memory, name) } else { Self::new(name) }
    }

    fn within(folder: &Path, name: &str) -> Self {
        let path = folder.join(format!("gateway-tests-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub(crate) fn write(&self, signed: &Signed) {
        std::fs::write(self.path("tls.crt"), &signed.chain).expect("written");
        std::fs::write(self.path("tls.key"), &signed.key).expect("written");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
