//! Listening sockets: TCP and, on Unix, a path in the file system.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

/// Connections that wait to be accepted; the kernel cuts it to its own limit (`net.core.somaxconn`).
const BACKLOG: u32 = 1024;

/// How to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListenOptions {
    pub(crate) backlog: u32,
    pub(crate) reuse_port: bool,
    pub(crate) nodelay: bool,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self { backlog: BACKLOG, reuse_port: false, nodelay: true }
    }
}

impl ListenOptions {
    /// Listens on an address.
    pub(crate) fn bind(self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart must not wait for the last connections of the process before. On Windows the option means
        // something else.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        if self.reuse_port {
            #[cfg(all(unix, not(target_os = "solaris"), not(target_os = "illumos")))]
            socket.set_reuseport(true)?;
            #[cfg(not(all(unix, not(target_os = "solaris"), not(target_os = "illumos"))))]
            return Err(io::Error::new(io::ErrorKind::Unsupported, "reuse_port is not supported here"));
        }
        socket.bind(address)?;
        socket.listen(self.backlog)
    }
}

/// A socket that is listened on.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) kind: Kind,
    pub(crate) options: ListenOptions,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        _file: SocketFile,
    },
}

/// A connection that was accepted.
pub(super) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Listener {
    pub(crate) fn tcp(listener: TcpListener, options: ListenOptions) -> Self {
        Self { kind: Kind::Tcp(listener), options }
    }

    /// The address of a TCP socket.
    pub(crate) fn local_addr(&self) -> io::Result<Option<SocketAddr>> {
        match &self.kind {
            Kind::Tcp(listener) => listener.local_addr().map(Some),
            #[cfg(unix)]
            Kind::Unix { .. } => Ok(None),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match &self.kind {
            Kind::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Small messages must not wait for each other; a failure here means that the client has gone.
                let _ = stream.set_nodelay(self.options.nodelay);
                Ok(Accepted::Tcp(stream, address))
            }
            #[cfg(unix)]
            Kind::Unix { listener, .. } => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }
}

#[cfg(unix)]
pub(crate) use unix::{SocketFile, bind_unix};

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};

    use tokio::net::{UnixListener, UnixStream};

    use super::{Kind, ListenOptions, Listener};

    /// The file of a socket, removed when it is no longer listened on.
    #[derive(Debug)]
    pub(crate) struct SocketFile {
        path: PathBuf,
        inode: u64,
    }

    impl Drop for SocketFile {
        fn drop(&mut self) {
            // Another process may have put its own in the place meanwhile.
            if fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    /// Listens on a path. The file of a process that is gone is replaced.
    pub(crate) async fn bind_unix(
        path: &Path,
        mode: Option<u32>,
        options: ListenOptions,
    ) -> io::Result<Listener> {
        let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
        if is_socket
            && let Err(error) = UnixStream::connect(path).await
            && error.kind() == io::ErrorKind::ConnectionRefused
        {
            // Nobody listens there any more.
            fs::remove_file(path)?;
        }
        let socket = tokio::net::UnixSocket::new_stream()?;
        socket.bind(path)?;
        let file = SocketFile { path: path.to_owned(), inode: fs::symlink_metadata(path)?.ino() };
        if let Some(mode) = mode {
            fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        }
        let listener: UnixListener = socket.listen(options.backlog)?;
        Ok(Listener { kind: Kind::Unix { listener, _file: file }, options })
    }
}
