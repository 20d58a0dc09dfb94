//! The options `per_message_deflate` and `http_compression`: values and their checks, no compression.

/// Compression of WebSocket messages (permessage-deflate, RFC 7692): the `perMessageDeflate` of Socket.IO and
/// of the `ws` package. [`PerMessageDeflate::default`] is what `per_message_deflate = true` means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PerMessageDeflate {
    /// `threshold`: bytes from which on a message is compressed; default 1024
    pub threshold: usize,
    /// `serverNoContextTakeover`: the server compresses each message by itself; default true. Then connections
    /// hold no memory for it, and a broadcast is compressed once. `false` compresses small, similar messages
    /// better, and keeps up to 270 KiB a connection that has sent one.
    pub server_no_context_takeover: bool,
    /// `clientNoContextTakeover`: clients are asked to compress each message by itself; default true. `false`
    /// keeps up to 50 KiB a connection that has received one.
    pub client_no_context_takeover: bool,
    /// `serverMaxWindowBits`: 9 to 15; default 15
    pub server_max_window_bits: u8,
    /// `clientMaxWindowBits`: 8 to 15, told to clients that let the server choose; default none
    pub client_max_window_bits: Option<u8>,
    /// `zlibDeflateOptions.level`: 0 (none) to 9 (smallest); default 6
    pub level: u8,
    /// `zlibDeflateOptions.memLevel`: 1 (least memory) to 9; default 8
    pub mem_level: u8,
}

impl Default for PerMessageDeflate {
    fn default() -> Self {
        Self {
            threshold: 1024,
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            server_max_window_bits: 15,
            client_max_window_bits: None,
            level: 6,
            mem_level: 8,
        }
    }
}

impl PerMessageDeflate {
    /// What is wrong with the values.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = effort_problems("per_message_deflate", self.level, self.mem_level);
        if !(9..=15).contains(&self.server_max_window_bits) {
            problems.push("per_message_deflate: server_max_window_bits is 9 to 15".to_owned());
        }
        if self.client_max_window_bits.is_some_and(|bits| !(8..=15).contains(&bits)) {
            problems.push("per_message_deflate: client_max_window_bits is 8 to 15".to_owned());
        }
        problems
    }
}

/// Sets the fields of a [`PerMessageDeflate`], each under the name of its option.
#[derive(Debug)]
pub struct PerMessageDeflateBuilder<'d>(pub(crate) &'d mut PerMessageDeflate);

impl PerMessageDeflateBuilder<'_> {
    /// `threshold`: bytes
    pub fn threshold(&mut self, bytes: usize) {
        self.0.threshold = bytes;
    }

    /// `serverNoContextTakeover`
    pub fn server_no_context_takeover(&mut self, no_takeover: bool) {
        self.0.server_no_context_takeover = no_takeover;
    }

    /// `clientNoContextTakeover`
    pub fn client_no_context_takeover(&mut self, no_takeover: bool) {
        self.0.client_no_context_takeover = no_takeover;
    }

    /// `serverMaxWindowBits`
    pub fn server_max_window_bits(&mut self, bits: u8) {
        self.0.server_max_window_bits = bits;
    }

    /// `clientMaxWindowBits`
    pub fn client_max_window_bits(&mut self, bits: u8) {
        self.0.client_max_window_bits = Some(bits);
    }

    /// `zlibDeflateOptions.level`
    pub fn level(&mut self, level: u8) {
        self.0.level = level;
    }

    /// `zlibDeflateOptions.memLevel`
    pub fn mem_level(&mut self, level: u8) {
        self.0.mem_level = level;
    }
}

/// Compression of the answers to polling requests: the `httpCompression` of Socket.IO.
/// [`HttpCompression::default`] is what holds without the option.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpCompression {
    /// `false` sends every answer as it is; default true
    pub enabled: bool,
    /// `threshold`: bytes from which on an answer is compressed; default 1024
    pub threshold: usize,
    /// `level`: 0 (none) to 9 (smallest); default 6
    pub level: u8,
    /// `memLevel`: 1 (least memory) to 9; default 8
    pub mem_level: u8,
    /// `windowBits`: 9 to 15; default 15
    pub window_bits: u8,
}

impl Default for HttpCompression {
    fn default() -> Self {
        Self { enabled: true, threshold: 1024, level: 6, mem_level: 8, window_bits: 15 }
    }
}

impl HttpCompression {
    /// What is wrong with the values.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = effort_problems("http_compression", self.level, self.mem_level);
        if !(9..=15).contains(&self.window_bits) {
            problems.push("http_compression: window_bits is 9 to 15".to_owned());
        }
        problems
    }
}

/// Sets the fields of an [`HttpCompression`], each under the name of its option.
#[derive(Debug)]
pub struct HttpCompressionBuilder<'c>(pub(crate) &'c mut HttpCompression);

impl HttpCompressionBuilder<'_> {
    /// `threshold`: bytes
    pub fn threshold(&mut self, bytes: usize) {
        self.0.threshold = bytes;
    }

    /// `level`
    pub fn level(&mut self, level: u8) {
        self.0.level = level;
    }

    /// `memLevel`
    pub fn mem_level(&mut self, level: u8) {
        self.0.mem_level = level;
    }

    /// `windowBits`
    pub fn window_bits(&mut self, bits: u8) {
        self.0.window_bits = bits;
    }
}

fn effort_problems(option: &str, level: u8, mem_level: u8) -> Vec<String> {
    let mut problems = Vec::new();
    if level > 9 {
        problems.push(format!("{option}: level is 0 to 9, not {level}"));
    }
    if !(1..=9).contains(&mem_level) {
        problems.push(format!("{option}: mem_level is 1 to 9, not {mem_level}"));
    }
    problems
}

/// What `per_message_deflate = …` accepts: `true`, `false`, or a [`PerMessageDeflate`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how to compress messages",
    label = "expected `true`, `false` or a `PerMessageDeflate`"
)]
pub trait IntoPerMessageDeflate {
    /// The details; `None` for no compression.
    fn into_per_message_deflate(self) -> Option<PerMessageDeflate>;
}

impl IntoPerMessageDeflate for bool {
    fn into_per_message_deflate(self) -> Option<PerMessageDeflate> {
        self.then(PerMessageDeflate::default)
    }
}

impl IntoPerMessageDeflate for PerMessageDeflate {
    fn into_per_message_deflate(self) -> Option<PerMessageDeflate> {
        Some(self)
    }
}

/// What `http_compression = …` accepts: `true`, `false`, or an [`HttpCompression`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how to compress answers",
    label = "expected `true`, `false` or an `HttpCompression`"
)]
pub trait IntoHttpCompression {
    /// The details.
    fn into_http_compression(self) -> HttpCompression;
}

impl IntoHttpCompression for bool {
    fn into_http_compression(self) -> HttpCompression {
        HttpCompression { enabled: self, ..HttpCompression::default() }
    }
}

impl IntoHttpCompression for HttpCompression {
    fn into_http_compression(self) -> HttpCompression {
        self
    }
}
