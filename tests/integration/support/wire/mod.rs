//! Conversations with a server, byte for byte, written as text: what each side sends, in order.
//!
//! A case is a script. Each line is `<channel> <verb> <rest>`; a channel is one TCP connection that gets its
//! name when it is opened. Lines that start with `#` are comments; `@rust` or `@node` in front of a line
//! makes it one of that server only, which is how differences between the two are named.
//!
//! | line | what it does |
//! |---|---|
//! | `c get <target> [<header>]…` | sends a request without a body; also `post`, `put`, `delete`, `patch`, `options`, `head` |
//! | `c post <target> [<header>]… := <body>` | sends a request with a body |
//! | `c < 200 <body>` | the whole answer to it |
//! | `c <or 200 <body> || 400 <body>` | one of two answers, for requests that race |
//! | `c <h 200 <name>: <value>` | the answer and one header of it; `-` for a header that must be missing |
//! | `c open <target>` | opens a WebSocket, which must succeed |
//! | `c upgrade <target> [<header>]…` | asks for a WebSocket; the answer is looked at with `c < 101` or another status |
//! | `c raw <bytes>` | sends bytes, over a new connection if the channel has none |
//! | `c > <text>`, `c >b <bytes>` | sends a text or a binary frame |
//! | `c >f <flags> <bytes>` | sends a frame of these flags: see [`frames::Flags`] |
//! | `c < <text>`, `c <b <bytes>` | a text or a binary frame that must come next |
//! | `c <any` | an answer or a frame must come, whatever is in it, or the connection must end |
//! | `c <until <text>` | a text frame that must come, after any others |
//! | `c <close 1002` | a close frame of this code must come next; `-` for one without a code |
//! | `c <pong <bytes>`, `c <ping <bytes>` | a control frame must come next |
//! | `c <end` | the connection must end: no frame before it |
//! | `c <gone` | the connection must end, or be closed with a frame; what comes before does not matter |
//! | `c cut` | closes the connection without a word; `c fin` closes this end's way out only |
//! | `log left <socket> <reason>` | the server has told its own log that this client left |
//!
//! A target without a slash in front is a query of `/socket.io/`. In what is sent and expected, `<name>` stands for
//! a value that the server chose: the first line that has it takes the value, all others must agree. `<*>` stands
//! for anything. `{{text*1000}}` is `text` a thousand times, `\x1e` a byte.

mod frames;
mod http;
mod runner;
mod script;
mod text;

pub(crate) use frames::{Flags, encode};
pub(crate) use runner::{Case, Server, run_all};
