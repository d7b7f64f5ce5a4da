//! A served platform, and the parties that use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::support::{Place, Ran};

/// A platform that is served until it is dropped.
pub(crate) struct Site {
    child: Child,
    pub(crate) address: String,
    /// Cookie and CSRF secret of the instance's administrator.
    pub(crate) administrator: Session,
}

/// Somebody logged in.
#[derive(Clone)]
pub(crate) struct Session {
    cookie: String,
    csrf: String,
    pub(crate) organization: String,
}

/// An organization with a home folder, a key named `release` and a token.
pub(crate) struct Party {
    pub(crate) place: Place,
    pub(crate) session: Session,
    pub(crate) key: Value,
    token: String,
    url: String,
}

impl Drop for Site {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let id = self.child.id().to_string();
        let _ = std::process::Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }
}

/// Status, head and body of an answer.
fn exchange(address: &str, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

impl Site {
    /// Serves `data` in `place` with further options.
    pub(crate) fn start(place: &Place, options: &[&str]) -> Self {
        Self::start_with(place, options, &[])
    }

    /// The same, with more in its environment.
    pub(crate) fn start_with(place: &Place, options: &[&str], environment: &[(&str, &str)]) -> Self {
        let arguments = [&["serve", "--data", "data", "--listen", "127.0.0.1:0"], options].concat();
        let mut command = place.command(&arguments);
        command.envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().last().unwrap_or_else(|| panic!("it did not start"));
        let (address, token) = url.trim_start_matches("http://").split_once("/login?token=").unwrap();
        let mut site = Self {
            child,
            address: address.to_owned(),
            administrator: Session {
                cookie: String::new(),
                csrf: String::new(),
                organization: String::new(),
            },
        };
        site.administrator = site.log_in(token);
        site
    }

    /// Serves a platform that has accounts, with further options; who is logged in stays so.
    pub(crate) fn beside(place: &Place, administrator: Session, options: &[&str]) -> Self {
        let arguments = [&["serve", "--data", "data", "--listen", "127.0.0.1:0"], options].concat();
        let mut command = place.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("ready: http://").trim_end_matches('/').to_owned();
        Self { child, address, administrator }
    }

    /// As a power cut does it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Verifier key of the log.
    pub(crate) fn log_key(&self) -> String {
        self.get(&self.administrator, "/api/v1/instance")["log_key"].as_str().unwrap().to_owned()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn log_in(&self, token: &str) -> Session {
        let body = json!({"token": token}).to_string();
        let request = format!(
            "POST /api/v1/login HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let (status, head, body) = exchange(&self.address, &request);
        assert_eq!(status, 200, "{body}");
        let cookie =
            head.lines().find_map(|l| l.to_lowercase().starts_with("set-cookie:").then(|| l[11..].trim()));
        let session: Value = serde_json::from_str(&body).unwrap();
        Session {
            cookie: cookie.unwrap().split(';').next().unwrap().to_owned(),
            csrf: session["csrf"].as_str().unwrap().to_owned(),
            organization: session["organization"]["id"].as_str().unwrap().to_owned(),
        }
    }

    /// Answers of the interface as JSON; fails unless it says yes.
    pub(crate) fn get(&self, who: &Session, path: &str) -> Value {
        let (status, body) = self.try_get(who, path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) fn try_get(&self, who: &Session, path: &str) -> (u16, Value) {
        let (status, _, body) = exchange(
            &self.address,
            &format!(
                "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {}\r\n\r\n",
                self.address, who.cookie
            ),
        );
        (status, serde_json::from_str(&body).unwrap())
    }

    pub(crate) fn post(&self, who: &Session, path: &str, body: &Value) -> Value {
        let (status, answer) = self.try_post(who, path, body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    pub(crate) fn try_post(&self, who: &Session, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {}\r\nX-Sukashi-CSRF: {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            who.cookie,
            who.csrf,
            body.len()
        );
        let (status, _, answer) = exchange(&self.address, &request);
        (status, serde_json::from_str(&answer).unwrap_or_default())
    }

    /// A party of an organization whose administrator is `session`: with key, registered key and token.
    pub(crate) fn equip(&self, session: Session) -> Party {
        let place = Place::new();
        place.file("secret", "correct horse battery staple\n");
        let made = place.run(&["keys", "new", "release", "--passphrase-file", "secret"]);
        assert_eq!(made.status, 0, "{}", made.stderr);
        let key: Value = serde_json::from_str(&made.stdout).unwrap();
        let keys = format!("/api/v1/organizations/{}/keys", session.organization);
        self.post(&self.administrator, &keys, &json!({"public_key": key["public_key"]}));
        let token = self.post(&session, "/api/v1/tokens", &json!({"name": "ci", "role": "administrator"}));
        let token = token["token"].as_str().unwrap().to_owned();
        Party { place, session, key, token, url: self.url() }
    }

    /// A new organization.
    pub(crate) fn found(&self, name: &str, kind: &str) -> Party {
        let added =
            self.post(&self.administrator, "/api/v1/organizations", &json!({"name": name, "kind": kind}));
        let accounts = format!("/api/v1/organizations/{}/accounts", added["id"].as_str().unwrap());
        let account =
            self.post(&self.administrator, &accounts, &json!({"name": "root", "role": "administrator"}));
        let session = self.log_in(account["login_token"].as_str().unwrap());
        self.equip(session)
    }

    /// A supply link both sides agree to; its id.
    pub(crate) fn link(&self, supplier: &Party, customer: &Party) -> String {
        let body =
            json!({"supplier": supplier.session.organization, "customer": customer.session.organization});
        let link = self.post(&supplier.session, "/api/v1/supply-links", &body);
        let id = link["id"].as_str().unwrap().to_owned();
        self.post(&customer.session, &format!("/api/v1/supply-links/{id}/accept"), &json!({}));
        id
    }

    /// A trust file that pins the log and the keys of `parties`.
    pub(crate) fn trust(&self, parties: &[(&str, &Party)]) -> String {
        let instance = self.get(&self.administrator, "/api/v1/instance");
        let pinned = parties.iter().map(|(name, party)| json!({"name": name, "keys": [party.key]}));
        json!({
            "schema": "sukashi.trust/1",
            "organizations": pinned.collect::<Vec<_>>(),
            "log": {"origin": instance["log_origin"], "key": instance["log_key"]},
        })
        .to_string()
    }
}

impl Party {
    /// For requests of one's own.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Runs the command with the party's token and passphrase.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.place.command(arguments);
        command.env("SUKASHI_URL", &self.url).env("SUKASHI_TOKEN", &self.token);
        command.env("SUKASHI_PASSPHRASE", "correct horse battery staple");
        Ran::of(command.stdin(Stdio::null()).output().unwrap())
    }

    /// The same, and it must end well.
    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.status, 0, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    }
}
