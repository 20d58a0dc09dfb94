//! Why a certificate is not served, and what to do about it.

use std::io;

use tokio_rustls::rustls;

/// Why a certificate is not served. Files are named by their path, PEM in memory as `the certificate's PEM` and
/// `the key's PEM`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file} cannot be read{}", hint(source))]
    Read {
        /// The file.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },

    /// Something that is no PEM.
    #[error("{file} is not valid PEM: {reason}")]
    Pem {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },

    /// PEM without a certificate.
    #[error(
        "{file} holds no certificate: it needs the certificate of the server (-----BEGIN CERTIFICATE-----) first, then \
             those of the authorities in between"
    )]
    NoCertificate {
        /// The file.
        file: String,
    },

    /// PEM without a key.
    #[error(
        "{file} holds no private key: it needs one in PKCS#8 (BEGIN PRIVATE KEY), PKCS#1 (BEGIN RSA PRIVATE KEY) or SEC1 \
             (BEGIN EC PRIVATE KEY)"
    )]
    NoKey {
        /// The file.
        file: String,
    },

    /// A key with a passphrase.
    #[error(
        "the private key in {file} is encrypted: decrypt it first (`openssl pkey -in {file} -out plain.pem`), and let \
             nobody but the server read the result"
    )]
    EncryptedKey {
        /// The file.
        file: String,
    },

    /// A key of another certificate.
    #[error(
        "the private key in {key} is not that of the first certificate in {certificate}: the two belong to different \
             certificates, or the server's is not the first of the chain"
    )]
    KeyMismatch {
        /// The file of the certificates.
        certificate: String,
        /// The file of the key.
        key: String,
    },

    /// A key or a certificate that is not usable.
    #[error("{file} cannot be used")]
    Unusable {
        /// The file.
        file: String,
        /// What rustls said.
        source: rustls::Error,
    },

    /// A configuration that offers protocols which are not spoken here.
    #[error(
        "the ServerConfig offers {offered:?} by ALPN, but only http/1.1 is spoken here: clients would choose what they \
             do not get. Set `alpn_protocols` to [b\"http/1.1\"], or leave it empty"
    )]
    Alpn {
        /// What it offers.
        offered: Vec<String>,
    },

    /// `reload()` of what is not in files.
    #[error("this certificate does not come from files: give the new one with `replace`")]
    NotFromFiles,

    /// The operating system's random numbers failed.
    #[error("session tickets cannot be made")]
    Ticketer(#[source] rustls::Error),
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => ": there is no such file",
        io::ErrorKind::PermissionDenied => ": the process may not read it",
        _ => "",
    }
}
