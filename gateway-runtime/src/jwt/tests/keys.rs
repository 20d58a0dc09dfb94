//! Kinds of keys, keys that take turns, and keys that are used for what they are not.

use super::super::*;
use super::*;

const RSA: &str = include_str!("keys/rsa.private.pem");
const RSA_PUBLIC: &str = include_str!("keys/rsa.public.pem");
const P256: &str = include_str!("keys/p256.private.pem");
const P256_PUBLIC: &str = include_str!("keys/p256.public.pem");
const P384: &str = include_str!("keys/p384.private.pem");
const P384_PUBLIC: &str = include_str!("keys/p384.public.pem");
const ED25519: &str = include_str!("keys/ed25519.private.pem");
const ED25519_PUBLIC: &str = include_str!("keys/ed25519.public.pem");

fn of(keys: impl IntoIterator<Item = JwtKey>) -> JwtService {
    let sign = JwtSignOptions::new().expires_in(HOUR);
    JwtService::new(JwtOptions::new().keys(keys).sign_options(sign)).expect("a service")
}

fn header(token: &str) -> Value {
    let header = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("json")
}

#[test]
fn every_kind_of_key_signs_and_verifies() {
    use JwtAlgorithm::{HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
    let pairs =
        [(P256, P256_PUBLIC, "ES256"), (P384, P384_PUBLIC, "ES384"), (ED25519, ED25519_PUBLIC, "EdDSA")];
    for (private, public, name) in pairs {
        let options = JwtOptions::new().private_key(private).public_key(public);
        let service = JwtService::new(options.sign_options(JwtSignOptions::new().expires_in(HOUR)));
        let service = service.expect("a service");
        let token = service.sign(&ann()).expect("a token");
        assert_eq!(header(&token)["alg"], name);
        assert_eq!(service.verify::<Claims>(&token).expect("valid"), ann());
        let changed = tampered(&token, 1, |claims| claims["sub"] = json!("bob"));
        assert!(matches!(service.verify::<Claims>(&changed), Err(JwtError::Signature)));
    }
    for algorithm in [RS256, RS384, RS512, PS256, PS384, PS512] {
        let service = of([JwtKey::key_pair(RSA, RSA_PUBLIC).algorithm(algorithm)]);
        let token = service.sign(&ann()).expect("a token");
        assert_eq!(header(&token)["alg"], algorithm.to_string());
        // Who has the public key only can verify, and nothing else.
        let public = of([JwtKey::public_key(RSA_PUBLIC).algorithm(algorithm)]);
        assert_eq!(public.verify::<Claims>(&token).expect("valid"), ann());
        assert!(matches!(public.sign(&ann()), Err(JwtError::NoSigningKey)));
    }
    for algorithm in [HS256, HS384, HS512] {
        let service = of([JwtKey::secret(SECRET).algorithm(algorithm)]);
        assert_eq!(service.verify::<Claims>(&service.sign(&ann()).expect("a token")).expect("valid"), ann());
    }
}

#[test]
fn a_public_key_is_no_secret() {
    let service = of([JwtKey::public_key(RSA_PUBLIC)]);
    let claims = json!({ "sub": "ann", "exp": in_seconds(60) });
    // What the attacker signs with is known to everybody.
    for secret in [RSA_PUBLIC, RSA_PUBLIC.trim_end(), &RSA_PUBLIC.replace('\n', "")] {
        let token = forged(&hs256(), &claims, secret.as_bytes());
        assert!(matches!(service.verify::<Claims>(&token), Err(JwtError::Algorithm)));
    }
    // Nor is it where a secret of another key is known.
    let both = of([JwtKey::secret(SECRET), JwtKey::public_key(RSA_PUBLIC)]);
    let token = forged(&hs256(), &claims, RSA_PUBLIC.as_bytes());
    assert!(both.verify::<Claims>(&token).is_err());
    let error = JwtService::new(JwtOptions::new().secret(RSA_PUBLIC)).expect_err("no secret");
    assert!(error.to_string().contains("public_key"), "{error}");
}

#[test]
fn a_token_never_chooses_its_algorithm() {
    let rsa = |algorithm| of([JwtKey::key_pair(RSA, RSA_PUBLIC).algorithm(algorithm)]);
    let token = rsa(JwtAlgorithm::PS256).sign(&ann()).expect("a token");
    assert!(matches!(rsa(JwtAlgorithm::RS256).verify::<Claims>(&token), Err(JwtError::Algorithm)));
    // Several may be allowed for a key, and one call may allow fewer.
    let rules = JwtVerifyOptions::new().algorithms([JwtAlgorithm::RS256, JwtAlgorithm::PS256]);
    let wide =
        JwtService::new(JwtOptions::new().public_key(RSA_PUBLIC).verify_options(rules)).expect("a service");
    assert_eq!(wide.verify::<Claims>(&token).expect("valid"), ann());
    let narrow = JwtVerifyOptions::new().algorithms([JwtAlgorithm::RS256]);
    assert!(matches!(wide.verify_with::<Claims>(&token, &narrow), Err(JwtError::Algorithm)));
    let more = JwtVerifyOptions::new().algorithms([JwtAlgorithm::RS512, JwtAlgorithm::PS256]);
    assert!(wide.verify_with::<Claims>(&token, &more).is_ok());
    // The key in the header is the attacker's.
    let claims = json!({ "sub": "ann", "exp": in_seconds(60) });
    let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode("the attacker's own") });
    let token = forged(&json!({ "alg": "HS256", "jwk": jwk }), &claims, b"the attacker's own");
    assert!(matches!(service().verify::<Claims>(&token), Err(JwtError::Signature)));
}

#[test]
fn keys_take_turns_by_kid() {
    let old = || JwtKey::secret("the old secret of thirty-two bytes").key_id("old");
    let new =
        || JwtKey::secret("the new secret of thirty-two bytes").key_id("new").algorithm(JwtAlgorithm::HS512);
    let service = of([old()]);
    let before = service.sign(&ann()).expect("a token");
    assert_eq!(header(&before)["kid"], "old");

    // Both are valid, the first one signs; clones have the same keys.
    let clone = service.clone();
    service.set_keys([new(), old()]).expect("keys");
    let after = clone.sign(&ann()).expect("a token");
    assert_eq!((&header(&after)["kid"], &header(&after)["alg"]), (&json!("new"), &json!("HS512")));
    for token in [&before, &after] {
        assert_eq!(clone.verify::<Claims>(token).expect("valid"), ann());
    }
    let chosen = service.sign_with(&ann(), &JwtSignOptions::new().key_id("old")).expect("a token");
    assert_eq!(header(&chosen)["kid"], "old");
    assert!(service.sign_with(&ann(), &JwtSignOptions::new().key_id("x")).is_err());

    service.set_keys([new()]).expect("keys");
    assert!(matches!(service.verify::<Claims>(&before), Err(JwtError::UnknownKey)));
    assert!(matches!(service.set_keys([]), Err(JwtError::NoKey)));
    assert_eq!(service.verify::<Claims>(&after).expect("the keys have stayed"), ann());
}

#[test]
fn an_unknown_kid_is_refused() {
    let named = of([JwtKey::secret(SECRET).key_id("a")]);
    let claims = json!({ "sub": "ann", "exp": in_seconds(60) });
    let with_kid = |kid: Value| forged(&json!({ "alg": "HS256", "kid": kid }), &claims, SECRET.as_bytes());
    assert!(named.verify::<Claims>(&with_kid(json!("a"))).is_ok());
    for kid in [json!("b"), json!(""), json!("../../dev/null")] {
        assert!(matches!(named.verify::<Claims>(&with_kid(kid)), Err(JwtError::UnknownKey)));
    }
    assert!(matches!(named.verify::<Claims>(&with_kid(json!(null))), Err(JwtError::UnknownKey)));
    // The name of a key chooses that key and no other.
    let two = of([
        JwtKey::secret(SECRET).key_id("a"),
        JwtKey::secret("b's secret, of thirty-two bytes!").key_id("b"),
    ]);
    assert!(matches!(two.verify::<Claims>(&with_kid(json!("b"))), Err(JwtError::Signature)));
    // Without names of our own, that of a token means nothing, as in NestJS.
    assert!(service().verify::<Claims>(&with_kid(json!("b"))).is_ok());
    // Keys without a name are tried one after the other.
    let several = of([JwtKey::secret("the new secret of thirty-two bytes"), JwtKey::secret(SECRET)]);
    assert!(several.verify::<Claims>(&service().sign(&ann()).expect("a token")).is_ok());
}

#[test]
fn a_published_key_set_verifies() {
    let service = of([
        JwtKey::key_pair(P256, P256_PUBLIC).key_id("ec"),
        JwtKey::key_pair(RSA, RSA_PUBLIC).key_id("rsa"),
    ]);
    let jwk = |public: &str, algorithm| {
        let key = match algorithm {
            jsonwebtoken::Algorithm::ES256 => jsonwebtoken::DecodingKey::from_ec_pem(public.as_bytes()),
            _ => jsonwebtoken::DecodingKey::from_rsa_pem(public.as_bytes()),
        };
        let jwk =
            jsonwebtoken::jwk::Jwk::from_decoding_key(&key.expect("a key"), Some(algorithm)).expect("a jwk");
        serde_json::to_value(jwk).expect("json")
    };
    let mut ec = jwk(P256_PUBLIC, jsonwebtoken::Algorithm::ES256);
    ec["kid"] = json!("ec");
    let mut rsa = jwk(RSA_PUBLIC, jsonwebtoken::Algorithm::RS256);
    rsa["kid"] = json!("rsa");
    rsa["use"] = json!("sig");
    let mut encryption = rsa.clone();
    (encryption["kid"], encryption["use"]) = (json!("enc"), json!("enc"));
    let secret = json!({ "kty": "oct", "kid": "oct", "k": "AAAA" });
    let unknown = json!({ "kty": "AKP", "kid": "pq", "alg": "ML-DSA-44", "pub": "AAAA" });
    let set = json!({ "keys": [encryption, secret, unknown, ec, rsa] }).to_string();

    let keys = JwtKey::from_jwk_set(&set).expect("keys");
    assert_eq!(keys.len(), 2);
    let verifier = of(keys);
    for kid in ["ec", "rsa"] {
        let token = service.sign_with(&ann(), &JwtSignOptions::new().key_id(kid)).expect("a token");
        assert_eq!(verifier.verify::<Claims>(&token).expect(kid), ann());
    }
    for nothing in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#] {
        assert!(matches!(JwtKey::from_jwk_set(nothing), Err(JwtError::KeySet(_))), "{nothing}");
    }
}

#[test]
fn a_wrong_key_is_an_error_of_the_start() {
    let sec1 = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    let wrong = |options: JwtOptions, says: &str| {
        let error = JwtService::new(options).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
    };
    let new = JwtOptions::new;
    wrong(new(), "there is no key");
    wrong(new().secret(""), "empty");
    wrong(new().public_key("x"), "no PEM document");
    wrong(new().public_key(RSA), "private_key");
    wrong(new().private_key(RSA_PUBLIC), "no PEM document with a private key");
    wrong(new().private_key(sec1), "pkcs8");
    wrong(new().private_key(RSA).public_key(P256_PUBLIC), "another kind");
    wrong(new().private_key(P256).public_key(P384_PUBLIC), "another kind");
    wrong(new().key(JwtKey::secret(SECRET).algorithm(JwtAlgorithm::RS256)), "not for RS256");
    wrong(new().key(JwtKey::public_key(P256_PUBLIC).algorithm(JwtAlgorithm::ES384)), "not for ES384");
    let rsa_only = JwtVerifyOptions::new().algorithms([JwtAlgorithm::RS256, JwtAlgorithm::RS512]);
    wrong(new().secret(SECRET).verify_options(rsa_only), "not for RS256, RS512");
    let twice = [JwtKey::secret(SECRET).key_id("a"), JwtKey::public_key(RSA_PUBLIC).key_id("a")];
    wrong(new().keys(twice), "same `kid`");
    // A pair of two strangers.
    let other = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
    wrong(new().private_key(ED25519).public_key(other), "does not belong");
}
