//! The bytes of one connection, whatever carries them, and what is kept while it is open.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::activity::Activity;
use super::limits::Ticket;

/// What the two ends of a connection's task share.
#[derive(Debug)]
pub(crate) struct Open {
    /// What the connection waits for.
    pub(crate) activity: Activity,
    /// Its place among the open connections.
    pub(crate) ticket: Option<Ticket>,
}

impl Open {
    pub(crate) fn new(ticket: Option<Ticket>) -> Arc<Self> {
        Arc::new(Self { activity: Activity::new(), ticket })
    }
}

/// What carries a connection. One type, so that HTTP and all behind it are compiled for one.
#[derive(Debug)]
pub(crate) enum Carrier {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
    #[cfg(feature = "testing")]
    InProcess(tokio::io::DuplexStream),
}

/// Calls the same of whatever carries the connection.
macro_rules! carried {
    ($carrier:expr, $stream:ident => $call:expr) => {
        match $carrier {
            Carrier::Tcp($stream) => $call,
            #[cfg(unix)]
            Carrier::Unix($stream) => $call,
            #[cfg(feature = "tls")]
            Carrier::Tls($stream) => $call,
            #[cfg(feature = "testing")]
            Carrier::InProcess($stream) => $call,
        }
    };
}

/// A connection. It goes into the WebSocket of an upgrade and takes its place among the open ones with it.
#[derive(Debug)]
pub(crate) struct Stream {
    carrier: Carrier,
    open: Arc<Open>,
    /// What was read already and is to be read again.
    ahead: Option<Box<Bytes>>,
}

impl Stream {
    pub(crate) fn new(carrier: Carrier, open: Arc<Open>) -> Self {
        Self { carrier, open, ahead: None }
    }

    /// Lets these bytes be read before all others.
    pub(crate) fn put_back(&mut self, bytes: Bytes) {
        self.ahead = Some(Box::new(bytes)).filter(|bytes| !bytes.is_empty());
    }

    fn written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.open.activity.written();
        }
        written
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(ahead) = &mut self.ahead {
            let length = ahead.len().min(buffer.remaining());
            buffer.put_slice(&ahead.split_to(length));
            if ahead.is_empty() {
                self.ahead = None;
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = carried!(&mut self.carrier, stream => Pin::new(stream).poll_read(cx, buffer));
        if buffer.filled().len() > before {
            self.open.activity.read();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = carried!(&mut self.carrier, stream => Pin::new(stream).poll_write(cx, bytes));
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = carried!(&mut self.carrier, stream => Pin::new(stream).poll_write_vectored(cx, slices));
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        carried!(&self.carrier, stream => stream.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        carried!(&mut self.carrier, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        carried!(&mut self.carrier, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
