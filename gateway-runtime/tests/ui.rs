//! What the macros refuse, and with which sentence; and what they must accept.
//!
//! `TRYBUILD=overwrite cargo test -p gateway-runtime --test ui` writes the `.stderr` files anew.

#[test]
fn mistakes_have_their_sentence() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
