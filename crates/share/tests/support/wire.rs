//! A wire to a server that can be cut: a database or bucket that is gone for a while.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A wire to a server that can be cut.
pub(crate) struct Wire {
    to: SocketAddr,
    pub(crate) at: SocketAddr,
    carrying: Option<JoinHandle<()>>,
}

impl Wire {
    pub(crate) async fn new(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let mut wire = Self { to, at, carrying: None };
        wire.carry(listener);
        wire
    }

    fn carry(&mut self, listener: TcpListener) {
        let to = self.to;
        self.carrying = Some(tokio::spawn(async move {
            let mut lines = tokio::task::JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                lines.spawn(async move {
                    let mut far = TcpStream::connect(to).await?;
                    copy_bidirectional(&mut near, &mut far).await
                });
            }
        }));
    }

    /// Ends every connection, and refuses new ones.
    pub(crate) async fn cut(&mut self) {
        if let Some(carrying) = self.carrying.take() {
            carrying.abort();
            let _ = carrying.await;
        }
    }

    pub(crate) async fn mend(&mut self) {
        self.carry(TcpListener::bind(self.at).await.unwrap());
    }
}

/// Host and port in a URL.
pub(crate) fn address(url: &str) -> SocketAddr {
    let after = url.split("://").last().unwrap();
    let host = after.split(['/', '?']).next().unwrap();
    host.rsplit('@').next().unwrap().parse().unwrap()
}
