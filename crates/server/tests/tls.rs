//! TLS: a client that trusts the certificate is answered, one that does not ends, and plain text gets nothing.

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use server::{ServeOptions, Tls};
use share::Platform;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// For `localhost`, valid until 2126; made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256`.
fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn connector(roots: RootCertStore) -> TlsConnector {
    let ring = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

async fn ask(stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin)) -> String {
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that ends without saying so is an error of reading.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_platform_speaks_tls_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Arc::new(Platform::open(folder.path()).await.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = Some(Tls::load(&file("localhost.pem"), &file("localhost.key")).unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server::serve(
        Arc::new(server::Site::new(platform)),
        listener,
        ServeOptions { tls, ..ServeOptions::default() },
        async {
            let _ = stopped.await;
        },
    ));
    // Somebody who says nothing keeps nobody waiting.
    let _silent = TcpStream::connect(address).await.unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("localhost.pem")).unwrap()).unwrap();
    let name = || ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let mut trusted = connector(roots).connect(name(), stream).await.unwrap();
    assert!(ask(&mut trusted).await.starts_with("HTTP/1.1 200"));
    let stream = TcpStream::connect(address).await.unwrap();
    assert!(
        connector(RootCertStore::empty()).connect(name(), stream).await.is_err(),
        "nobody vouches for it"
    );
    let mut plain = TcpStream::connect(address).await.unwrap();
    assert!(!ask(&mut plain).await.contains("200"));
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), serving).await.unwrap().unwrap().unwrap();
}

#[test]
fn a_key_that_does_not_read_is_named() {
    let error = Tls::load(&file("localhost.pem"), &file("localhost.pem")).unwrap_err();
    assert!(error.to_string().contains("localhost.pem"), "{error}");
}
