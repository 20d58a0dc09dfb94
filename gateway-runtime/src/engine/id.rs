//! Session ids: unpredictable, as whoever knows one can take part in its session.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A new session id: 20 characters of base64url from 15 bytes of the system's random generator.
pub(crate) fn generate() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 15];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_twenty_url_safe_characters_and_differ() {
        let (one, other) = (generate().expect("an id"), generate().expect("an id"));
        assert_eq!(one.len(), 20);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_ne!(one, other);
    }
}
