//! Claims, times, audiences, and what an attacker writes into a token.

use super::super::*;
use super::*;

fn refusal(service: &JwtService, token: &str) -> JwtError {
    service.verify::<Claims>(token).expect_err("it must be refused")
}

fn signed(claims: &Value) -> String {
    forged(&hs256(), claims, SECRET.as_bytes())
}

#[test]
fn what_is_signed_is_valid_and_says_what_it_was_told() {
    let sign = JwtSignOptions::new().expires_in(HOUR).audience("chat").issuer("login").subject("nobody");
    let service = JwtService::new(JwtOptions::new().secret(SECRET).sign_options(sign)).expect("a service");
    let token = service.sign(&ann()).expect("a token");
    assert_eq!(service.verify::<Claims>(&token).expect("valid"), ann());
    let claims: Value = service.decode(&token).expect("readable");
    assert_eq!(
        (&claims["sub"], &claims["aud"], &claims["iss"]),
        (&json!("ann"), &json!("chat"), &json!("login"))
    );
    let (iat, exp) = (claims["iat"].as_u64().expect("iat"), claims["exp"].as_u64().expect("exp"));
    assert_eq!(exp - iat, 3600);
    // What the claims say counts; an `Option` that is none says nothing.
    let own = service.sign(&json!({ "sub": null, "exp": 4_000_000_000_u64 })).expect("a token");
    let claims: Value = service.verify(&own).expect("valid");
    assert_eq!((&claims["sub"], &claims["exp"]), (&json!("nobody"), &json!(4_000_000_000_u64)));
    let short =
        service.sign_with(&ann(), &JwtSignOptions::new().expires_in(HOUR / 2).audience("a").audience("b"));
    let claims: Value = service.decode(&short.expect("a token")).expect("readable");
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!(["a", "b"]), &json!("login")));
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let token = service().sign(&ann()).expect("a token");
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = tampered(&token, 0, |header| header["alg"] = json!(none));
        let bare = format!("{}.", unsigned.rsplit_once('.').expect("three parts").0);
        assert!(matches!(refusal(&service(), &unsigned), JwtError::Malformed));
        assert!(matches!(refusal(&service(), &bare), JwtError::Malformed));
    }
    let cut = token.rsplit_once('.').expect("three parts").0;
    assert!(matches!(refusal(&service(), &format!("{cut}.")), JwtError::Signature));
    for text in ["", ".", "..", "...", "a.b.c", cut, &format!("{token}.{token}"), &format!(" {token}")] {
        refusal(&service(), text);
    }
}

#[test]
fn a_changed_token_is_refused() {
    let token = service().sign(&ann()).expect("a token");
    let other = tampered(&token, 1, |claims| claims["sub"] = json!("bob"));
    assert!(matches!(refusal(&service(), &other), JwtError::Signature));
    let other = tampered(&token, 0, |header| header["typ"] = json!("at+jwt"));
    assert!(matches!(refusal(&service(), &other), JwtError::Signature));
    let other = tampered(&token, 0, |header| header["alg"] = json!("HS512"));
    assert!(matches!(refusal(&service(), &other), JwtError::Algorithm));
    let foreign =
        JwtService::new(JwtOptions::new().secret("another secret of thirty-two bytes")).expect("a service");
    assert!(matches!(refusal(&foreign, &token), JwtError::Signature));
}

#[test]
fn an_expired_token_is_refused_and_leeway_stretches_it() {
    let just_over = signed(&json!({ "sub": "ann", "exp": in_seconds(-10) }));
    assert!(matches!(refusal(&service(), &just_over), JwtError::Expired));
    let options = |leeway| JwtVerifyOptions::new().leeway(Duration::from_secs(leeway));
    assert_eq!(service().verify_with::<Claims>(&just_over, &options(60)).expect("within the leeway"), ann());
    let error = service().verify_with::<Claims>(&just_over, &options(5)).expect_err("beyond it");
    assert!(matches!(error, JwtError::Expired));
    let late = service().verify_with::<Claims>(&just_over, &JwtVerifyOptions::new().ignore_expiration(true));
    assert_eq!(late.expect("not looked at"), ann());
    let forever = JwtService::new(super::options().verify_options(options(MAX_LEEWAY.as_secs() + 1)));
    assert!(matches!(forever.expect_err("too much"), JwtError::Leeway(_)));
    assert!(matches!(service().verify_with::<Claims>("", &options(u64::MAX)), Err(JwtError::Leeway(_))));
}

#[test]
fn a_token_that_is_not_valid_yet_is_refused() {
    let early = signed(&json!({ "sub": "ann", "nbf": in_seconds(30), "exp": in_seconds(60) }));
    assert!(matches!(refusal(&service(), &early), JwtError::NotYetValid));
    let leeway = JwtVerifyOptions::new().leeway(Duration::from_secs(60));
    assert_eq!(service().verify_with::<Claims>(&early, &leeway).expect("within the leeway"), ann());
    let own = service().sign_with(&ann(), &JwtSignOptions::new().not_before(HOUR / 2)).expect("a token");
    assert!(matches!(refusal(&service(), &own), JwtError::NotYetValid));
}

#[test]
fn exp_is_required() {
    let eternal = signed(&json!({ "sub": "ann" }));
    assert!(matches!(refusal(&service(), &eternal), JwtError::MissingClaim("exp")));
    let lax = JwtVerifyOptions::new().require_exp(false);
    assert_eq!(service().verify_with::<Claims>(&eternal, &lax).expect("allowed"), ann());
    for nonsense in [json!("never"), json!(-1), json!([4_000_000_000_u64]), json!(null), json!(true)] {
        let token = signed(&json!({ "sub": "ann", "exp": nonsense }));
        refusal(&service(), &token);
        if nonsense != json!(null) {
            assert!(service().verify_with::<Claims>(&token, &lax).is_err(), "{nonsense}");
        }
    }
    let bare = JwtService::new(JwtOptions::new().secret(SECRET)).expect("a service");
    assert!(matches!(bare.sign(&ann()), Err(JwtError::NoExpiry)));
}

#[test]
fn audience_issuer_and_subject_are_checked() {
    let rules = JwtVerifyOptions::new().audience("chat").audience("admin").issuer("login");
    let service = JwtService::new(JwtOptions::new().secret(SECRET).verify_options(rules)).expect("a service");
    let token = |aud: Value, iss: Value| {
        signed(&json!({ "sub": "ann", "exp": in_seconds(60), "aud": aud, "iss": iss }))
    };
    for aud in [json!("chat"), json!(["x", "admin"])] {
        assert_eq!(service.verify::<Claims>(&token(aud, json!("login"))).expect("valid"), ann());
    }
    for aud in [json!("shop"), json!(["x"]), json!([]), json!("")] {
        assert!(matches!(refusal(&service, &token(aud, json!("login"))), JwtError::Audience));
    }
    for aud in [json!(null), json!(1)] {
        assert!(matches!(refusal(&service, &token(aud, json!("login"))), JwtError::MissingClaim("aud")));
    }
    assert!(matches!(refusal(&service, &token(json!("chat"), json!("evil"))), JwtError::Issuer));
    assert!(matches!(refusal(&service, &token(json!("chat"), json!(null))), JwtError::MissingClaim("iss")));
    let bob = JwtVerifyOptions::new().subject("bob");
    let error = service.verify_with::<Claims>(&token(json!("chat"), json!("login")), &bob);
    assert!(matches!(error, Err(JwtError::Subject)));

    // An audience that nobody expects is somebody else.
    let unexpected = token(json!("shop"), json!("login"));
    assert!(matches!(refusal(&super::service(), &unexpected), JwtError::Audience));
    let any = JwtVerifyOptions::new().any_audience(true);
    assert_eq!(super::service().verify_with::<Claims>(&unexpected, &any).expect("valid"), ann());
    // What is signed is expected.
    let sign = JwtSignOptions::new().expires_in(HOUR).audience("chat").issuer("login");
    let both = JwtService::new(JwtOptions::new().secret(SECRET).sign_options(sign)).expect("a service");
    assert!(matches!(refusal(&both, &unexpected), JwtError::Audience | JwtError::Issuer));
}

#[test]
fn what_is_too_long_or_critical_or_no_claims_is_refused() {
    let long = signed(&json!({ "sub": "a".repeat(DEFAULT_MAX_TOKEN_BYTES), "exp": in_seconds(60) }));
    assert!(matches!(refusal(&service(), &long), JwtError::TooLong(DEFAULT_MAX_TOKEN_BYTES)));
    assert!(matches!(service().decode::<Value>(&long), Err(JwtError::TooLong(_))));
    let wide = JwtVerifyOptions::new().max_token_bytes(100_000);
    assert!(service().verify_with::<Claims>(&long, &wide).is_ok());

    let claims = json!({ "sub": "ann", "exp": in_seconds(60) });
    let critical =
        forged(&json!({ "alg": "HS256", "crit": ["b64"], "b64": false }), &claims, SECRET.as_bytes());
    assert!(matches!(refusal(&service(), &critical), JwtError::Critical));
    for claims in [json!(1), json!([]), json!("text"), json!(null)] {
        refusal(&service(), &signed(&claims));
        assert!(matches!(service().sign(&claims), Err(JwtError::Claims(_))));
    }
    let wrong = signed(&json!({ "name": "ann", "exp": in_seconds(60) }));
    assert!(matches!(refusal(&service(), &wrong), JwtError::ClaimsType(_)));
}

#[test]
fn no_key_and_no_token_is_printed() {
    let token = service().sign(&ann()).expect("a token");
    let printed = format!("{:?} {:?} {:?}", options(), service(), refusal(&service(), &format!("{token}x")));
    assert!(!printed.contains("thirty") && !printed.contains(&token), "{printed}");
    let bytes = format!("{:?}", &SECRET.as_bytes()[..4]);
    assert!(!printed.contains(bytes.trim_matches(['[', ']'])), "{printed}");
}
