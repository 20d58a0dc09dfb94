//! HTTP requests as they are sent, and answers as they come. Pure functions.

/// The bytes of a request, and nothing in it that was not asked for but a host and the length of its body.
pub(super) fn request(method: &str, target: &str, headers: &[&str], body: Option<&[u8]>) -> Vec<u8> {
    let mut head = format!("{} {target} HTTP/1.1\r\n", method.to_ascii_uppercase());
    let has = |name: &str| headers.iter().any(|header| header.to_ascii_lowercase().starts_with(name));
    if !has("host:") {
        head.push_str("Host: 127.0.0.1\r\n");
    }
    if let Some(body) = body
        && !has("content-length:")
        && !has("transfer-encoding:")
    {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let mut request = head.into_bytes();
    request.extend(body.unwrap_or_default());
    request
}

/// The headers of a request for a WebSocket, without those that the caller gives itself.
pub(super) fn upgrade_headers<'h>(own: &[&'h str]) -> Vec<&'h str> {
    const USUAL: [&str; 4] = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    let name = |header: &str| header.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let mut headers: Vec<_> =
        USUAL.into_iter().filter(|usual| !own.iter().any(|header| name(header) == name(usual))).collect();
    // `Name:` alone leaves the header out.
    headers.extend(own.iter().filter(|header| !header.ends_with(':')));
    headers
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header; `None` if it is missing.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// Takes the first answer out of what came; `None` while it is not complete. `ended` says that no more comes.
pub(super) fn answer(buffer: &mut Vec<u8>, head_only: bool, ended: bool) -> Option<Answer> {
    let head_end = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let rest = &buffer[head_end..];
    let (body, used) = if status < 200 || status == 204 || status == 304 || head_only {
        (Vec::new(), 0)
    } else if header(&head, "transfer-encoding").is_some() {
        chunked(rest)?
    } else if let Some(length) = header(&head, "content-length") {
        let length = length.parse().ok()?;
        (rest.get(..length)?.to_vec(), length)
    } else if ended {
        (rest.to_vec(), rest.len())
    } else {
        return None;
    };
    buffer.drain(..head_end + used);
    Some(Answer { status, head, body })
}

fn chunked(mut rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (whole, mut body) = (rest.len(), Vec::new());
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        rest = rest.get(line + 2..)?;
        body.extend(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
        if size == 0 {
            return Some((body, whole - rest.len()));
        }
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}
