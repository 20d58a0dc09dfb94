//! Names of servers and of requests among the servers of a cluster.

/// As in Node's `uid2`.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A random name: 12 letters and digits.
pub(crate) fn random_id() -> String {
    let mut bytes = [0; 12];
    // Without randomness nothing here can be told apart: better to stop than to mix servers up.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

/// A random name as `ClusterAdapter` of `socket.io-adapter` has it: 16 hexadecimal digits.
pub(crate) fn random_hex() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    format!("{:016x}", u64::from_be_bytes(bytes))
}
