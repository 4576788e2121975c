//! Where an issuer's public keys come from: a file, a URL, or the issuer's own discovery document.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use http::{HeaderMap, Method, StatusCode};
use tokio::time::timeout;
use url::{Host, Url};
use vestibule_verify::{Jwks, json};

use super::output;
use crate::cli::wait;
use crate::doctor::web::{Ask, Web};
use crate::regular;

/// Largest file of keys, in bytes.
const LONGEST: u64 = 256 * 1024;

/// For one answer, from the name to its end.
const PATIENCE: Duration = Duration::from_secs(20);
/// An RSA key of fewer bits has less than 128 bits of security (ASVS 11.2.3).
const ADVISED: usize = 3072;

/// The keys of `--jwks`, or those that the issuer names.
pub fn find(jwks: Option<&str>, issuer: Option<&str>) -> Result<Jwks> {
    match (jwks, issuer) {
        (Some(place), _) if place.starts_with("https://") || place.starts_with("http://") => {
            let url = allowed(place)?;
            let text = wait(async { fetch(Web::new(Vec::new())?, url).await })?;
            read(&text, place)
        }
        (Some(file), _) => {
            let text = regular::read(Path::new(file), LONGEST);
            read(&text.with_context(|| format!("cannot read {file}"))?, file)
        }
        (None, Some(issuer)) => wait(discovered(issuer)),
        (None, None) => bail!(
            "whose keys? name them with --jwks FILE or --jwks URL, or name the issuer with --issuer URL so that its keys \
             can be found"
        ),
    }
}

/// Says which keys were left out, and why, and which are weaker than is advised.
pub fn tell(keys: &Jwks) -> Result<()> {
    for key in keys.keys() {
        // ASVS 11.2.3.
        if let Some(bits) = key.rsa_bits().filter(|bits| *bits < ADVISED) {
            let kid = named(key.kid());
            output::note(&format!(
                "{kid} is RSA with {bits} bits: it is taken, and {ADVISED} or more are advised"
            ))?;
        }
    }
    for dropped in keys.dropped() {
        let kid = named(dropped.kid.as_deref());
        output::note(&format!("{kid} is left out: {}", dropped.fault))?;
    }
    Ok(())
}

fn named(kid: Option<&str>) -> String {
    kid.map_or_else(
        || "a key without kid".to_owned(),
        |kid| format!("key {}", output::harmless(kid)),
    )
}

fn read(text: &[u8], place: &str) -> Result<Jwks> {
    Jwks::from_json(text).with_context(|| format!("the keys of {place} cannot be used"))
}

/// OpenID Connect Discovery §4: the document under the issuer says where its keys are.
async fn discovered(issuer: &str) -> Result<Jwks> {
    let place = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let url = allowed(&place)?;
    let document = fetch(Web::new(Vec::new())?, url.clone()).await?;
    let document = json::object(&document)
        .with_context(|| format!("the document at {place} cannot be used"))?;
    // §4.3: a document of somebody else says nothing of this issuer.
    ensure!(
        document.get("issuer").is_some_and(|named| named == issuer),
        "the document at {place} is of another issuer than {issuer}: compare them byte for byte"
    );
    let keys = document.get("jwks_uri").and_then(json::Value::as_str);
    let keys = keys.with_context(|| format!("the document at {place} has no jwks_uri"))?;
    let text = fetch(Web::new(Vec::new())?, named_by(&url, keys)?).await?;
    read(&text, keys)
}

/// Where a document says that the keys are. One that came by https leads to no plain http, not even on this machine: what listens
/// there is not the issuer.
fn named_by(document: &Url, keys: &str) -> Result<Url> {
    let url = allowed(keys)?;
    ensure!(
        url.scheme() == "https" || document.scheme() == "http",
        "the issuer is reached by https, and its jwks_uri {} is not https",
        output::harmless(keys)
    );
    Ok(url)
}

/// https, or plain http that does not leave this machine.
fn allowed(place: &str) -> Result<Url> {
    let url =
        Url::parse(place).with_context(|| format!("{} is no URL", output::harmless(place)))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let told = output::harmless(place);
    ensure!(
        url.scheme() == "https" || url.scheme() == "http" && loopback,
        "{told} is not https: keys that came in the clear prove nothing"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "{told} has a user in it"
    );
    Ok(url)
}

/// One answer of 200, of at most a megabyte, within seconds from the name to its end. No redirect is followed: it would lead to
/// somebody else's keys.
async fn fetch(web: Web, url: Url) -> Result<Vec<u8>> {
    fetch_within(PATIENCE, web, url).await
}

async fn fetch_within(patience: Duration, web: Web, url: Url) -> Result<Vec<u8>> {
    let told = url.to_string();
    let fetched = timeout(patience, fetch_from(web, url)).await;
    fetched.with_context(|| format!("cannot fetch {told}: it took longer than {patience:?}"))?
}

async fn fetch_from(mut web: Web, url: Url) -> Result<Vec<u8>> {
    let told = url.to_string();
    if url.scheme() == "http" {
        // `localhost` is a name like others to a resolver: where it leads is looked at, and there the connection goes.
        let found = web.pin(&url).await;
        let found = found.with_context(|| format!("cannot fetch {told}"))?;
        ensure!(
            !found.is_empty() && found.iter().all(IpAddr::is_loopback),
            "{told} leads away from this machine: keys that came in the clear prove nothing"
        );
    }
    let ask = Ask {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: String::new(),
    };
    let answer = web.ask(ask).await;
    let answer = answer.with_context(|| format!("cannot fetch {told}"))?;
    if answer.status.is_redirection() {
        bail!("{told} answers with a redirect, and none is followed: name the place itself");
    }
    ensure!(
        answer.status == StatusCode::OK,
        "{told} answers {}",
        answer.status
    );
    Ok(answer.body)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::doctor::web::Resolved;

    /// Holds: TK04
    #[test]
    fn tk04_keys_come_by_https_or_from_this_machine() {
        for place in [
            "https://id.example.com/oauth/jwks",
            "http://localhost:8080/oauth/jwks",
            "http://id.localhost/jwks",
            "http://127.0.0.1:1/jwks",
            "http://[::1]:1/jwks",
        ] {
            assert!(allowed(place).is_ok(), "{place}");
        }
        for place in [
            "http://id.example.com/oauth/jwks",
            "http://localhost.example.com/jwks",
            "http://169.254.169.254/latest",
            "ftp://id.example.com/jwks",
            "file:///etc/passwd",
            "https://localhost@id.example.com/jwks",
            "//id.example.com/jwks",
        ] {
            assert!(allowed(place).is_err(), "{place}");
        }
    }

    /// Holds: TK04
    #[test]
    fn tk04_an_issuer_by_https_leads_to_no_plain_http() {
        let by = |scheme: &str| Url::parse(&format!("{scheme}://localhost/x")).unwrap();
        let plain = "http://localhost:8080/jwks";
        assert!(named_by(&by("https"), plain).is_err());
        assert!(named_by(&by("http"), plain).is_ok());
        assert!(named_by(&by("https"), "https://keys.example.com/jwks").is_ok());
        assert!(named_by(&by("http"), "http://keys.example.com/jwks").is_err());
    }

    /// Holds: TK04
    #[test]
    fn tk04_a_loopback_name_that_leads_away_is_not_asked() {
        let away = Resolved {
            host: "localhost".to_owned(),
            address: [192, 0, 2, 1].into(),
            port: None,
        };
        let url = allowed("http://localhost:9/jwks").unwrap();
        let refused = wait(async { fetch(Web::new(vec![away])?, url).await }).unwrap_err();
        assert!(refused.to_string().contains("leads away"), "{refused:#}");
    }

    /// Holds: TK04
    #[test]
    fn tk04_a_fetch_ends_in_its_time_whatever_takes_long() {
        // Takes the connection and says nothing.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = allowed(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let patience = Duration::from_millis(50);
        let fetched =
            wait(async { fetch_within(patience, Web::new(Vec::new())?, url).await }).unwrap_err();
        assert!(
            fetched.to_string().contains("longer than 50ms"),
            "{fetched:#}"
        );
    }

    #[test]
    fn what_is_fetched_is_judged_as_it_came() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = allowed(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let body = b"{\"keys\":[],\"x\":\"\xff\"}";
        let answering = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            BufReader::new(&stream)
                .read_line(&mut String::new())
                .unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        });
        let fetched = wait(async { fetch(Web::new(Vec::new())?, url).await }).unwrap();
        answering.join().unwrap();
        assert_eq!(fetched, body);
        assert!(read(&fetched, "there").is_err(), "no UTF-8 is no JSON");
    }
}
