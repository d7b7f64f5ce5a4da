//! What runs inside of a namespace: programs that listen, and attempts to connect.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::Context;

/// After this long a connection is taken as stopped: all namespaces are on one machine.
const PATIENCE: Duration = Duration::from_millis(700);
/// Said once all ports are open.
pub(super) const READY: &str = "listening";

pub(super) fn listen(ports: &[u16]) -> anyhow::Result<()> {
    let open = |port: &u16| TcpListener::bind(("0.0.0.0", *port)).with_context(|| format!("port {port}"));
    let listeners: Vec<TcpListener> = ports.iter().map(open).collect::<anyhow::Result<_>>()?;
    println!("{READY}");
    std::io::stdout().flush()?;
    std::thread::scope(|scope| {
        for listener in &listeners {
            scope.spawn(|| listener.incoming().for_each(drop));
        }
    });
    Ok(())
}

/// One line each, in the order asked for: `open` or `shut`.
pub(super) fn connect(targets: &[SocketAddr]) -> anyhow::Result<()> {
    let attempt = |target: SocketAddr| TcpStream::connect_timeout(&target, PATIENCE).is_ok();
    let open: Vec<bool> = std::thread::scope(|scope| {
        let running: Vec<_> = targets.iter().map(|target| scope.spawn(move || attempt(*target))).collect();
        running.into_iter().map(|attempt| attempt.join().unwrap_or_default()).collect()
    });
    open.iter().for_each(|open| println!("{}", if *open { "open" } else { "shut" }));
    Ok(())
}
