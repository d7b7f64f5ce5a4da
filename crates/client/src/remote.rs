//! Calls of the native interface of a platform (`docs/api.md`), as a client needs them.

use record::{Sha256, Status};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use statement::{MAX_ENVELOPE_BYTES, PartialView};
use tlog::{MAX_PROOF_BYTES, ProofFile};
use ureq::http::Method;

use crate::answers::{
    Changes, Consistency, Evidence, HeadToSign, Id, InstanceKeys, Kind, Link, Logged, Named, NewRelease,
    Organization, Page, Peer, Product, Proof, Pulled, Registered, Release, ReleaseDetail,
};
use crate::bundle::Disclosed;
use crate::http::{Http, HttpError};

/// Longest answer that is not a document, in bytes.
const LIMIT: u64 = 64 << 20;

/// A platform, seen with one token.
#[derive(Debug)]
pub struct Remote {
    http: Http,
}

/// Why a platform could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The request.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A log proof of the platform does not read.
    #[error("log proof of `{id}` does not read")]
    Proof {
        /// Of which evidence.
        id: String,
    },
    /// A statement of the platform is no JSON.
    #[error("statement `{id}` does not read")]
    Statement {
        /// Which evidence.
        id: String,
    },
    /// Nothing has that name.
    #[error("no {what} `{name}` on the platform; hint: `sukashi register --product` adds one's own")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

fn registered(status: u16, Id { id }: Id) -> Result<Registered, RemoteError> {
    Ok(match status {
        201 => Registered::New(id),
        202 => Registered::Waiting(id),
        _ => Registered::Known(id),
    })
}

fn query(pairs: &[(&str, Option<&str>)]) -> String {
    let set: Vec<_> = pairs.iter().filter_map(|(name, value)| value.map(|v| (*name, v))).collect();
    if set.is_empty() { String::new() } else { format!("?{}", form(&set)) }
}

/// Names and values as queries and forms write them: `a=b&c=d`, whatever is in the values.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| format!("{name}={}", percent_encoded(value));
    pairs.iter().map(one).collect::<Vec<_>>().join("&")
}

/// Percent-encoding of everything that is not unreserved (RFC 3986, section 2.3).
pub fn percent_encoded(text: &str) -> String {
    let one = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(one).collect()
}

impl Remote {
    /// The platform that `http` leads to.
    pub fn new(http: Http) -> Self {
        Self { http }
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, RemoteError> {
        Ok(self.http.json(path, LIMIT)?)
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Result<(u16, T), RemoteError> {
        let headers = [("content-type", "application/json")];
        let answer = self.http.send(&Method::POST, path, &headers, body, LIMIT)?;
        let answer = self.http.accepted(path, answer)?;
        Ok((answer.status, self.http.read(path, &answer.body)?))
    }

    /// All items of a list.
    fn all<T: DeserializeOwned>(
        &self,
        path: &str,
        pairs: &[(&str, Option<&str>)],
    ) -> Result<Vec<T>, RemoteError> {
        let (mut items, mut after) = (Vec::new(), None::<String>);
        loop {
            let more = [pairs, &[("limit", Some("200")), ("after", after.as_deref())]].concat();
            let page: Page<T> = self.get(&format!("{path}{}", query(&more)))?;
            items.extend(page.items);
            match page.next {
                Some(next) if after.as_ref() != Some(&next) => after = Some(next),
                _ => return Ok(items),
            }
        }
    }

    /// The status map.
    pub fn status(&self) -> Result<Status, RemoteError> {
        self.get("/api/v1/status")
    }

    /// Registers an envelope; the same again does no harm. `about`: query parameters of the interface.
    pub fn register(
        &self,
        envelope: &[u8],
        about: &[(&str, Option<&str>)],
    ) -> Result<Registered, RemoteError> {
        let (status, id) = self.post(&format!("/api/v1/statements{}", query(about)), envelope)?;
        registered(status, id)
    }

    /// The same, without trying again where the platform does not answer.
    pub fn register_once(
        &self,
        envelope: &[u8],
        about: &[(&str, Option<&str>)],
    ) -> Result<Registered, RemoteError> {
        let path = format!("/api/v1/statements{}", query(about));
        let headers = [("content-type", "application/json")];
        let answer = self.http.send_single(&Method::POST, &path, &headers, envelope, LIMIT)?;
        let answer = self.http.accepted(&path, answer)?;
        registered(answer.status, self.http.read(&path, &answer.body)?)
    }

    /// The id of a release of one's own; product and release are added where they are missing.
    pub fn ensure_release(&self, wanted: &NewRelease<'_>) -> Result<String, RemoteError> {
        let product = match self.own_product(wanted.product)? {
            Some(id) => id,
            None => {
                let body = json!({"name": wanted.product, "kind": wanted.kind});
                self.post::<Id>("/api/v1/products", body.to_string().as_bytes())?.1.id
            }
        };
        if let Some(release) = self.release_of(&product, wanted.version)? {
            return Ok(release);
        }
        let artifact = |(name, sha256, size): &(String, Sha256, Option<u64>)| json!({"name": name, "sha256": sha256, "size": size});
        let artifacts: Vec<_> = wanted.artifacts.iter().map(artifact).collect();
        let body = json!({"version": wanted.version, "artifacts": artifacts});
        let path = format!("/api/v1/products/{product}/releases");
        Ok(self.post::<Id>(&path, body.to_string().as_bytes())?.1.id)
    }

    fn own_product(&self, name: &str) -> Result<Option<String>, RemoteError> {
        let own: Vec<Product> = self.all("/api/v1/products", &[("own", Some("true"))])?;
        Ok(own.into_iter().find(|p| p.name == name).map(|p| p.id))
    }

    fn release_of(&self, product: &str, version: &str) -> Result<Option<String>, RemoteError> {
        let product: Product = self.get(&format!("/api/v1/products/{product}"))?;
        let releases = product.release_list.unwrap_or_default();
        Ok(releases.into_iter().find(|r| r.version == version).map(|r| r.id))
    }

    /// Ids of the visible releases of products with that name, of one version or of all.
    pub fn releases_named(&self, name: &str, version: Option<&str>) -> Result<Vec<String>, RemoteError> {
        let products: Vec<Product> = self.all("/api/v1/products", &[])?;
        let mut found = Vec::new();
        for product in products.into_iter().filter(|p| p.name == name) {
            let product: Product = self.get(&format!("/api/v1/products/{}", product.id))?;
            let fits = |r: &Release| version.is_none_or(|v| r.version == v);
            found.extend(product.release_list.into_iter().flatten().filter(fits).map(|r| r.id));
        }
        if found.is_empty() {
            return Err(RemoteError::Unknown { what: "release", name: name.to_owned() });
        }
        Ok(found)
    }

    /// Evidence one sees, oldest first; about one release or about all.
    pub fn evidence(&self, release: Option<&str>, all_states: bool) -> Result<Vec<Evidence>, RemoteError> {
        let state = if all_states { "any" } else { "current" };
        let mut found: Vec<Evidence> =
            self.all("/api/v1/evidence", &[("release", release), ("state", Some(state))])?;
        found.reverse();
        Ok(found)
    }

    /// The signed envelope.
    pub fn statement(&self, id: &str) -> Result<Vec<u8>, RemoteError> {
        Ok(self.http.get(&format!("/api/v1/evidence/{id}/statement"), MAX_ENVELOPE_BYTES as u64)?)
    }

    /// The document as one may see it.
    pub fn document(&self, id: &str) -> Result<Vec<u8>, RemoteError> {
        Ok(self.http.get(&format!("/api/v1/evidence/{id}/document"), MAX_ENVELOPE_BYTES as u64)?)
    }

    /// What one may see of a document, with proof; `None` where its issuer did not commit to one. With it comes the
    /// id of the commitment.
    pub fn view(&self, id: &str) -> Result<Option<(String, PartialView)>, RemoteError> {
        #[derive(Deserialize)]
        struct Shown {
            commitment: Id,
            view: PartialView,
        }
        match self.get::<Shown>(&format!("/api/v1/evidence/{id}/view")) {
            Ok(shown) => Ok(Some((shown.commitment.id, shown.view))),
            Err(RemoteError::Http(error)) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Proof that evidence is in the log, and over how many leaves; in a tree of `size` where that is given.
    pub fn proof(&self, id: &str, size: Option<u64>) -> Result<Logged, RemoteError> {
        let size = size.map(|s| s.to_string());
        let path = format!("/api/v1/evidence/{id}/proof{}", query(&[("size", size.as_deref())]));
        let proof: Proof = self.get(&path)?;
        let file = ProofFile {
            extra: Some(crate::proof_extra(proof.key_id, proof.salt)),
            index: proof.log_index,
            hashes: proof.hashes.iter().map(|h| tlog::Hash(h.0)).collect(),
            checkpoint: proof.checkpoint,
        };
        // What is handed on must read: a platform's mistake is seen here, not at its receiver's.
        let text = file.write();
        match ProofFile::read(&text) {
            Ok(read) if text.len() <= MAX_PROOF_BYTES => {
                Ok(Logged { proof: read, size: proof.tree_size, hops: proof.hops })
            }
            _ => Err(RemoteError::Proof { id: id.to_owned() }),
        }
    }

    /// The newest signed checkpoint of the log.
    pub fn checkpoint(&self) -> Result<String, RemoteError> {
        let note = self.http.get("/log/checkpoint", tlog::note::MAX_NOTE_BYTES as u64)?;
        Ok(String::from_utf8_lossy(&note).into_owned())
    }

    /// Proof that the log with `old` leaves is a beginning of the one with `new`.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<tlog::Hash>, RemoteError> {
        let proof: Consistency = self.get(&format!("/api/v1/log/consistency?old={old}&new={new}"))?;
        Ok(proof.hashes.iter().map(|h| tlog::Hash(h.0)).collect())
    }

    /// Whether anything changed after `cursor`, and the cursor of the last change.
    pub fn changed(&self, cursor: Option<&str>) -> Result<(bool, Option<String>), RemoteError> {
        let (mut any, mut cursor) = (false, cursor.map(str::to_owned));
        loop {
            let query = query(&[("since", cursor.as_deref()), ("limit", Some("200"))]);
            let page: Changes = self.get(&format!("/api/v1/changes{query}"))?;
            if page.items.is_empty() || page.next == cursor {
                return Ok((any, cursor));
            }
            (any, cursor) = (true, page.next);
        }
    }

    /// The instance's keys.
    pub fn instance(&self) -> Result<InstanceKeys, RemoteError> {
        self.get("/api/v1/instance")
    }

    pub(crate) fn organizations(&self) -> Result<Vec<Organization>, RemoteError> {
        self.all("/api/v1/organizations", &[])
    }

    pub(crate) fn release(&self, id: &str) -> Result<ReleaseDetail, RemoteError> {
        self.get(&format!("/api/v1/releases/{id}"))
    }

    pub(crate) fn kind_of_product(&self, id: &str) -> Result<String, RemoteError> {
        Ok(self.get::<Kind>(&format!("/api/v1/products/{id}"))?.kind)
    }

    /// Adds an instance to pull from; `new` is the body of the interface.
    pub fn add_peer(&self, new: &serde_json::Value) -> Result<Peer, RemoteError> {
        Ok(self.post("/api/v1/peers", new.to_string().as_bytes())?.1)
    }

    /// Instances that evidence is pulled from.
    pub fn peers(&self) -> Result<Vec<Peer>, RemoteError> {
        self.all("/api/v1/peers", &[])
    }

    /// Forgets one of them.
    pub fn remove_peer(&self, id: &str) -> Result<(), RemoteError> {
        let path = format!("/api/v1/peers/{}", percent_encoded(id));
        let answer = self.http.send(&Method::DELETE, &path, &[], &[], LIMIT)?;
        self.http.accepted(&path, answer)?;
        Ok(())
    }

    /// Has one of them pulled now.
    pub fn pull_peer(&self, id: &str) -> Result<Pulled, RemoteError> {
        // What failed there is not tried again here.
        let path = format!("/api/v1/peers/{}/pull", percent_encoded(id));
        let answer = self.http.send_single(&Method::POST, &path, &[], b"", LIMIT)?;
        let answer = self.http.accepted(&path, answer)?;
        Ok(self.http.read(&path, &answer.body)?)
    }

    /// Has a bundle from one of them taken.
    pub fn take_bundle(&self, id: &str, bundle: &[u8]) -> Result<Pulled, RemoteError> {
        Ok(self.post(&format!("/api/v1/peers/{}/bundles", percent_encoded(id)), bundle)?.1)
    }

    /// Has another instance cosign the log's checkpoints.
    pub fn add_witness(&self, url: &str, key: &str) -> Result<(), RemoteError> {
        let body = json!({"url": url, "key": key}).to_string();
        self.post::<serde::de::IgnoredAny>("/api/v1/witnesses", body.as_bytes())?;
        Ok(())
    }

    /// The id of the organization whose token is used.
    pub fn own_organization(&self) -> Result<String, RemoteError> {
        #[derive(Deserialize)]
        struct Session {
            organization: Named,
        }
        Ok(self.get::<Session>("/api/v1/session")?.organization.id)
    }

    /// What is disclosed over one's supply links, item by item.
    pub fn disclosed(&self) -> Result<Vec<Disclosed>, RemoteError> {
        let links: Vec<Link> = self.all("/api/v1/supply-links", &[])?;
        let active = links.into_iter().filter(|l| l.state == "active");
        active.map(|link| self.get(&format!("/api/v1/supply-links/{}/list", link.id))).collect()
    }

    /// The heads to sign for the links one supplies over: link, customer's key and name, entries.
    pub fn heads_to_sign(&self) -> Result<Vec<HeadToSign>, RemoteError> {
        let links: Vec<Link> = self.all("/api/v1/supply-links", &[])?;
        let mut found = Vec::new();
        for link in links.into_iter().filter(|l| l.state == "active") {
            let list: HeadToSign = self.get(&format!("/api/v1/supply-links/{}/list", link.id))?;
            found.extend(Some(list).filter(|l| l.own));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_break_out_of_a_query() {
        let text = query(&[("a", Some("x&b=1#é")), ("c", None), ("d", Some("2026-01-01T00:00:00Z"))]);
        assert_eq!(text, "?a=x%26b%3D1%23%C3%A9&d=2026-01-01T00%3A00%3A00Z");
        assert_eq!(query(&[("a", None)]), "");
    }
}
