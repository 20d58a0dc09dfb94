//! Answers of HTTP, as far as Engine.IO's polling needs them: a status, a length or chunks, a body.

use anyhow::{Context, Result, bail, ensure};

/// An answer that has come whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its body.
    pub(crate) body: Vec<u8>,
    /// How many bytes of the input it was.
    pub(crate) length: usize,
}

/// The answer at the start of `input`, or `None` if it has not come whole.
///
/// # Errors
/// If it is not `200 OK`, or is not HTTP.
pub(crate) fn scan(input: &[u8]) -> Result<Option<Answer>> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&input[..end])?;
    let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    if status.split(' ').nth(1) != Some("200") {
        bail!("{status}: {}", String::from_utf8_lossy(&input[end..]));
    }
    let header = |name: &str| {
        headers
            .split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.trim()))
    };
    let rest = &input[end + 4..];
    if let Some(length) = header("content-length") {
        let length: usize = length.parse().context("the length of an answer")?;
        return Ok(rest.get(..length).map(|body| Answer { body: body.to_vec(), length: end + 4 + length }));
    }
    ensure!(header("transfer-encoding") == Some("chunked"), "an answer without a length: {head}");
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let Some(line) = rest[at..].windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[at..at + line])?.trim(), 16)
            .context("the size of a chunk")?;
        at += line + 2;
        let Some(chunk) = rest.get(at..at + size + 2) else { return Ok(None) };
        body.extend_from_slice(&chunk[..size]);
        at += size + 2;
        if size == 0 {
            return Ok(Some(Answer { body, length: end + 4 + at }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_a_length_and_with_chunks() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        ] {
            for cut in 0..text.len() {
                assert_eq!(scan(&text.as_bytes()[..cut]).unwrap(), None, "{cut} of {text}");
            }
            let two = text.repeat(2);
            let answer = scan(two.as_bytes()).unwrap().expect("it is whole");
            assert_eq!((answer.body.as_slice(), answer.length), (&b"hello"[..], text.len()));
        }
    }

    #[test]
    fn what_is_not_200_is_an_error() {
        assert!(scan(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").is_err());
        assert!(scan(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
