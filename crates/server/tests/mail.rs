//! E-mail: a mailbox is told of what its organization sees, by a server that this test plays; what it does not take is
//! sent again.

mod support;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use server::{Encryption, Mail, MailSettings, ServeOptions};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::{TlsAcceptor, rustls};

/// Takes letters; the first `refusals` of them are refused for the moment.
#[derive(Clone, Default)]
struct Sink {
    letters: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<u32>>,
    encryption: Option<Encryption>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The server's side of TLS, for `localhost`.
async fn secured(stream: impl Stream) -> Option<impl Stream> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from_pem_file(file("localhost.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("localhost.key")).unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    TlsAcceptor::from(Arc::new(config)).accept(stream).await.ok()
}

impl Sink {
    async fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, sink) = (listener.local_addr().unwrap().port(), self.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(sink.clone().talk(stream));
            }
        });
        port
    }

    async fn talk(self, stream: TcpStream) -> Option<()> {
        let mut stream: BufReader<Box<dyn Stream>> = match self.encryption {
            Some(Encryption::Tls) => BufReader::new(Box::new(secured(stream).await?)),
            _ => BufReader::new(Box::new(stream)),
        };
        stream.write_all(b"220 sink\r\n").await.ok()?;
        if self.encryption == Some(Encryption::Starttls) {
            for answer in ["250-sink\r\n250 STARTTLS\r\n", "220 go on\r\n"] {
                let mut line = String::new();
                stream.read_line(&mut line).await.ok()?;
                assert!(line.starts_with("EHLO") || line.starts_with("STARTTLS"), "in clear: {line}");
                stream.write_all(answer.as_bytes()).await.ok()?;
            }
            stream = BufReader::new(Box::new(secured(stream.into_inner()).await?));
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let refuses = line.starts_with("MAIL") && {
                let mut left = self.refusals.lock().unwrap();
                let refuses = *left > 0;
                *left = left.saturating_sub(1);
                refuses
            };
            let answer = match line.get(..4)? {
                _ if refuses => "451 later\r\n",
                "DATA" => "354 go on\r\n",
                "QUIT" => "221 bye\r\n",
                _ => "250 fine\r\n",
            };
            stream.write_all(answer.as_bytes()).await.ok()?;
            if line.starts_with("DATA") {
                let mut letter = String::new();
                while !letter.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut letter).await.ok()?;
                }
                self.letters.lock().unwrap().push(letter);
                stream.write_all(b"250 taken\r\n").await.ok()?;
            }
        }
    }

    /// Waits until that many letters came.
    async fn letters(&self, count: usize) -> Vec<String> {
        for _ in 0..600 {
            let letters = self.letters.lock().unwrap().clone();
            if letters.len() >= count {
                return letters;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("only {} letters came", self.letters.lock().unwrap().len());
    }
}

fn settings(port: u16) -> MailSettings {
    MailSettings {
        server: "127.0.0.1".to_owned(),
        port: Some(port),
        encryption: Encryption::None,
        certificate_file: None,
        user: None,
        password_file: None,
        from: "Sukashi <sukashi@works.example>".to_owned(),
        address: "https://platform.example/".to_owned(),
        domains: vec!["water.example".to_owned()],
    }
}

/// What a letter says, whatever its encoding: undoes quoted-printable and base64 bodies.
fn body(letter: &str) -> String {
    let (head, body) = letter.split_once("\r\n\r\n").unwrap();
    let body = body.trim_end_matches("\r\n.\r\n");
    if head.contains("base64") {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(body.replace("\r\n", "")).unwrap();
        return String::from_utf8(bytes).unwrap();
    }
    let mut bytes = Vec::new();
    let text = body.replace("=\r\n", "");
    let mut rest = text.as_bytes();
    let quoted = head.contains("quoted-printable");
    while let Some((first, after)) = rest.split_first() {
        match (*first, quoted) {
            (b'=', true) => {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mailboxes_are_told_in_their_language_and_again_where_the_server_was_busy() {
    let sink = Sink { refusals: Arc::new(Mutex::new(1)), ..Sink::default() };
    let mail = Mail::new(&settings(sink.start().await)).unwrap();
    let site = support::Site::with(|site| site.with_mail(mail)).await;
    let (maker, water) = (site.party("Kawa", 2).await, site.party("Water", 3).await);
    site.link(&maker, &water).await;
    site.release(&maker).await;

    let add = |body: serde_json::Value| site.post(&water, "/api/v1/webhooks", body.to_string());
    assert_eq!(add(json!({"url": "mailto:ops@elsewhere.example"})).await.status, 400);
    assert_eq!(add(json!({"url": "mailto:ops@water.example?bcc=x@y.example"})).await.status, 400);
    assert_eq!(add(json!({"url": "mailto:ops@water.example", "language": "en"})).await.status, 201);
    assert_eq!(add(json!({"url": "mailto:kanri@water.example", "language": "ja"})).await.status, 201);

    // Background work belongs to serving.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = Arc::clone(&site.platform);
    let sending = Mail::new(&settings(sink.start().await)).unwrap();
    let serving = Arc::new(server::Site::new(served).with_mail(sending));
    tokio::spawn(server::serve(serving, listener, ServeOptions::default(), std::future::pending()));

    let registered = site.post(&maker, "/api/v1/statements", support::envelope(&maker)).await;
    assert_eq!(registered.status, 201);
    let letters = sink.letters(2).await;
    let of = |to: &str| letters.iter().find(|l| l.contains(to)).map(|l| (l.clone(), body(l))).unwrap();
    let (head, english) = of("ops@water.example");
    assert!(
        head.contains("Subject: Sukashi: 1 change\r\n") && head.contains("Auto-Submitted: auto-generated"),
        "{head}"
    );
    assert!(
        english.contains("KR-200 1.0: new evidence by Kawa\r\n  why: `Kawa` delivers KR-200 1.0 to you"),
        "{english}"
    );
    let id = registered.json()["id"].as_str().unwrap().to_owned();
    assert!(english.contains(&format!("https://platform.example/evidence/{id}")), "{english}");
    let (_, japanese) = of("kanri@water.example");
    assert!(
        japanese.contains("新しい証拠") && japanese.contains("「Kawa」が KR-200 1.0 を納入しています"),
        "{japanese}"
    );
}

/// Serves a site whose mailbox is told of one release through `sink`: letters that came, and attempts that failed.
async fn told(sink: &Sink, trusted: bool) -> (usize, u64) {
    let encryption = sink.encryption.unwrap();
    let certificate_file = trusted.then(|| file("localhost.pem"));
    let server = "localhost".to_owned();
    let settings = MailSettings { server, encryption, certificate_file, ..settings(sink.start().await) };
    let site = support::Site::with(|site| site.with_mail(Mail::new(&settings).unwrap())).await;
    let water = site.party("Water", 3).await;
    let added = site.post(&water, "/api/v1/webhooks", r#"{"url": "mailto:ops@water.example"}"#).await;
    assert_eq!(added.status, 201);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let serving = server::Site::new(Arc::clone(&site.platform)).with_mail(Mail::new(&settings).unwrap());
    tokio::spawn(server::serve(Arc::new(serving), listener, ServeOptions::default(), std::future::pending()));
    site.release(&water).await;
    for _ in 0..600 {
        let letters = sink.letters.lock().unwrap().len();
        let failed =
            site.get(&water, "/api/v1/webhooks").await.json()["items"][0]["failures"].as_u64().unwrap();
        if letters > 0 || failed > 0 {
            return (letters, failed);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("neither told nor failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_go_over_tls_to_a_server_with_a_certificate_that_is_trusted_and_to_no_other() {
    for encryption in [Encryption::Starttls, Encryption::Tls] {
        let sink = Sink { encryption: Some(encryption), ..Sink::default() };
        assert_eq!(told(&sink, true).await, (1, 0), "{encryption:?}");
        let sink = Sink { encryption: Some(encryption), ..Sink::default() };
        assert_eq!(told(&sink, false).await, (0, 1), "{encryption:?}: nobody vouches for the server");
    }
}

#[tokio::test]
async fn without_a_mail_server_no_mailbox_can_be_entered() {
    let site = support::Site::new().await;
    let water = site.party("Water", 3).await;
    let answer = site.post(&water, "/api/v1/webhooks", r#"{"url": "mailto:ops@water.example"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (409, json!("no-mail")));
}
