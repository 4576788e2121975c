//! Where an issuer's public keys come from: a file, a URL, or the issuer's own discovery document.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use http::{HeaderMap, Method, StatusCode};
use url::{Host, Url};
use vestibule_verify::{Jwks, json};

use super::output;
use crate::cli::wait;
use crate::doctor::web::{Ask, Web};
use crate::regular;

/// Largest file of keys, in bytes.
const LONGEST: u64 = 256 * 1024;

/// The keys of `--jwks`, or those that the issuer names.
pub fn find(jwks: Option<&str>, issuer: Option<&str>) -> Result<Jwks> {
    match (jwks, issuer) {
        (Some(place), _) if place.starts_with("https://") || place.starts_with("http://") => {
            let url = allowed(place)?;
            let text = wait(async { fetch(&Web::new(Vec::new())?, url).await })?;
            read(text.as_bytes(), place)
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

/// Says which keys were left out, and why.
pub fn tell_dropped(keys: &Jwks) -> Result<()> {
    for dropped in keys.dropped() {
        let kid = dropped.kid.as_deref().map_or_else(
            || "a key without kid".to_owned(),
            |kid| format!("key {}", output::harmless(kid)),
        );
        output::note(&format!("{kid} is left out: {}", dropped.fault))?;
    }
    Ok(())
}

fn read(text: &[u8], place: &str) -> Result<Jwks> {
    Jwks::from_json(text).with_context(|| format!("the keys of {place} cannot be used"))
}

/// OpenID Connect Discovery §4: the document under the issuer says where its keys are.
async fn discovered(issuer: &str) -> Result<Jwks> {
    let web = Web::new(Vec::new())?;
    let place = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let document = fetch(&web, allowed(&place)?).await?;
    let document = json::object(document.as_bytes())
        .with_context(|| format!("the document at {place} cannot be used"))?;
    // §4.3: a document of somebody else says nothing of this issuer.
    ensure!(
        document.get("issuer").is_some_and(|named| named == issuer),
        "the document at {place} is of another issuer than {issuer}: compare them byte for byte"
    );
    let keys = document.get("jwks_uri").and_then(json::Value::as_str);
    let keys = keys.with_context(|| format!("the document at {place} has no jwks_uri"))?;
    let text = fetch(&web, allowed(keys)?).await?;
    read(text.as_bytes(), keys)
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

/// One answer of 200, of at most a megabyte, within seconds. No redirect is followed: it would lead to somebody else's keys.
async fn fetch(web: &Web, url: Url) -> Result<String> {
    let told = url.to_string();
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
    use super::*;

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
}
