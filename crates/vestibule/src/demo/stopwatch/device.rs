//! A person's browser as far as HTTP goes: a cookie jar for each host, redirections followed, forms filled in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::{Url, form_urlencoded};

use crate::demo::people::Person;
use crate::demo::rooms::Places;

/// More redirections than a login takes.
const MOST: usize = 12;
/// What the devices ask for all the time.
pub const ASKED: &str = "/orders";

/// Why a device could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Nobody answers, or not in HTTP.
    #[error("no answer: {0}")]
    Away(Box<dyn std::error::Error + Send + Sync>),
    /// The page is not the one that was to come.
    #[error("{0} did not come as it should")]
    Unexpected(&'static str),
    /// The login has ended before anybody pressed.
    #[error("a device is not signed in any more")]
    NotSignedIn,
    /// It took longer than anybody waits.
    #[error("a device was not refused in time")]
    NotRefused,
}

/// One device.
pub struct Device {
    places: Arc<Places>,
    agent: &'static str,
    mark: (HeaderName, HeaderValue),
    /// By host and name. Cookies ignore ports (RFC 6265 §8.5).
    jar: BTreeMap<(String, String), String>,
}

struct Asked<'a> {
    method: Method,
    url: &'a Url,
    form: Option<String>,
}

impl Device {
    /// With an empty jar.
    pub fn new(places: Arc<Places>, agent: &'static str, mark: (HeaderName, HeaderValue)) -> Self {
        Self {
            places,
            agent,
            mark,
            jar: BTreeMap::new(),
        }
    }

    /// Opens the shop's page for people who are signed in, signs in on the way, and arrives there.
    pub async fn sign_in(&mut self, person: &Person) -> Result<(), DeviceError> {
        let orders = self.shop(ASKED)?;
        let (login, page) = self.open(orders.clone()).await?;
        if login.path() != "/login" {
            return Err(DeviceError::Unexpected("the sign-in page"));
        }
        let form = filled_in(&page, person)?;
        let posted = Url::parse(&format!("{}/login", self.places.issuer)).map_err(away)?;
        let answer = self.post(&posted, form).await?;
        if answer.status() != StatusCode::SEE_OTHER {
            return Err(DeviceError::Unexpected("the login"));
        }
        let (arrived, _) = self.open(orders).await?;
        if arrived.path() == ASKED {
            Ok(())
        } else {
            Err(DeviceError::NotSignedIn)
        }
    }

    /// 'Sign out everywhere', by the form on the account page; when the answer came, it is done.
    pub async fn end_everywhere(&mut self, csrf: &str) -> Result<(), DeviceError> {
        let address = format!("{}/account/devices/end-all", self.places.issuer);
        let url = Url::parse(&address).map_err(away)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("csrf", csrf)
            .finish();
        let answer = self.post(&url, form).await?;
        if answer.status().is_success() || answer.status() == StatusCode::SEE_OTHER {
            Ok(())
        } else {
            Err(DeviceError::Unexpected("the end of all logins"))
        }
    }

    /// The token of the account page's forms.
    pub async fn account_token(&mut self) -> Result<String, DeviceError> {
        let account = Url::parse(&format!("{}/account", self.places.issuer)).map_err(away)?;
        let (arrived, page) = self.open(account).await?;
        if arrived.path() != "/account" {
            return Err(DeviceError::NotSignedIn);
        }
        hidden(&page, "csrf").ok_or(DeviceError::Unexpected("the account page"))
    }

    /// A connection to the shop that is kept, and the request that goes over it again and again.
    pub async fn poller(&self) -> Result<Poller, DeviceError> {
        let url = self.shop(ASKED)?;
        let mut headers = self.headers(&url)?;
        // A program's request: 401 where nobody is signed in, and no way to the sign-in page.
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let sender = connect(self.places.shop_at).await?;
        Ok(Poller { headers, sender })
    }

    async fn open(&mut self, mut url: Url) -> Result<(Url, String), DeviceError> {
        for _ in 0..MOST {
            let asked = Asked {
                method: Method::GET,
                url: &url,
                form: None,
            };
            let answer = self.send(asked).await?;
            if !answer.status().is_redirection() {
                let page = String::from_utf8_lossy(answer.body()).into_owned();
                return Ok((url, page));
            }
            let location = answer.headers().get(header::LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            let location = location.ok_or(DeviceError::Unexpected("a redirection"))?;
            url = url.join(location).map_err(away)?;
        }
        Err(DeviceError::Unexpected("the end of redirections"))
    }

    async fn post(&mut self, url: &Url, form: String) -> Result<Response<Bytes>, DeviceError> {
        let asked = Asked {
            method: Method::POST,
            url,
            form: Some(form),
        };
        self.send(asked).await
    }

    async fn send(&mut self, asked: Asked<'_>) -> Result<Response<Bytes>, DeviceError> {
        let at = self.at(asked.url)?;
        let mut headers = self.headers(asked.url)?;
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        let own = |name| HeaderName::from_static(name);
        headers.insert(own("sec-fetch-mode"), HeaderValue::from_static("navigate"));
        if asked.form.is_some() {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(header::CONTENT_TYPE, kind);
            let origin = asked.url.origin().ascii_serialization();
            headers.insert(header::ORIGIN, HeaderValue::try_from(origin).map_err(away)?);
            let same = HeaderValue::from_static("same-origin");
            headers.insert(own("sec-fetch-site"), same);
        }
        let body = asked.form.map_or_else(Body::empty, Body::from);
        let request = request(asked.method, asked.url, headers, body)?;
        let mut sender = connect(at).await?;
        let answer = sender.send_request(request).await.map_err(away)?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(away)?.to_bytes();
        let host = asked.url.host_str().unwrap_or_default().to_owned();
        self.keep(&host, &parts.headers);
        Ok(Response::from_parts(parts, body))
    }

    fn shop(&self, path: &str) -> Result<Url, DeviceError> {
        Url::parse(&format!("{}{path}", self.places.shop)).map_err(away)
    }

    /// Nothing is asked for elsewhere, wherever a redirection would lead.
    fn at(&self, url: &Url) -> Result<SocketAddr, DeviceError> {
        let origin = url.origin().ascii_serialization();
        if origin == self.places.issuer {
            Ok(self.places.issuer_at)
        } else if origin == self.places.shop {
            Ok(self.places.shop_at)
        } else {
            Err(DeviceError::Unexpected("a place of the demo's"))
        }
    }

    fn headers(&self, url: &Url) -> Result<HeaderMap, DeviceError> {
        let origin = url.origin().ascii_serialization();
        let host = HeaderValue::try_from(Places::authority(&origin)).map_err(away)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(self.agent));
        headers.insert(self.mark.0.clone(), self.mark.1.clone());
        let host = url.host_str().unwrap_or_default();
        let cookies = self.jar.iter().filter(|((known, _), _)| known == host);
        let cookies: Vec<String> = cookies
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            let cookies = HeaderValue::try_from(cookies.join("; ")).map_err(away)?;
            headers.insert(header::COOKIE, cookies);
        }
        Ok(headers)
    }

    fn keep(&mut self, host: &str, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap_or_default();
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let key = (host.to_owned(), name.to_owned());
            if value.is_empty() || line.to_ascii_lowercase().contains("max-age=0") {
                self.jar.remove(&key);
            } else {
                self.jar.insert(key, value.to_owned());
            }
        }
    }
}

/// Asks the shop the same again and again.
pub struct Poller {
    headers: HeaderMap,
    sender: SendRequest<Body>,
}

impl Poller {
    /// Asks once; the answer's status.
    pub async fn ask(&mut self) -> Result<StatusCode, DeviceError> {
        let mut request = Request::get(ASKED).body(Body::empty()).map_err(away)?;
        *request.headers_mut() = self.headers.clone();
        let answer = self.sender.send_request(request).await.map_err(away)?;
        let status = answer.status();
        answer.into_body().collect().await.map_err(away)?;
        self.sender.ready().await.map_err(away)?;
        Ok(status)
    }
}

async fn connect(at: SocketAddr) -> Result<SendRequest<Body>, DeviceError> {
    let stream = TcpStream::connect(at).await.map_err(away)?;
    stream.set_nodelay(true).map_err(away)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(away)?;
    // What is wrong with it is told by the request's own outcome.
    tokio::spawn(connection);
    Ok(sender)
}

fn request(
    method: Method,
    url: &Url,
    headers: HeaderMap,
    body: Body,
) -> Result<Request<Body>, DeviceError> {
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = Request::builder().method(method).uri(target).body(body);
    if let Ok(request) = &mut request {
        *request.headers_mut() = headers;
    }
    request.map_err(away)
}

fn away(error: impl std::error::Error + Send + Sync + 'static) -> DeviceError {
    DeviceError::Away(Box::new(error))
}

/// The sign-in page's form, with what the person knows.
fn filled_in(page: &str, person: &Person) -> Result<String, DeviceError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for name in ["csrf", "next"] {
        let value = hidden(page, name).ok_or(DeviceError::Unexpected("the sign-in form"))?;
        form.append_pair(name, &value);
    }
    form.append_pair("identifier", person.email);
    form.append_pair("password", person.password.as_str());
    Ok(form.finish())
}

/// The value of the first hidden field of this name.
fn hidden(page: &str, name: &str) -> Option<String> {
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&start)?;
    let value = rest.split('"').next()?;
    // As our own templates write them.
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_s_hidden_fields_are_found() {
        let page = r#"<form><input type="hidden" name="csrf" value="abc"><input type="hidden" name="next" value="/a?b=1&#38;c">"#;
        assert_eq!(hidden(page, "csrf").unwrap(), "abc");
        assert_eq!(hidden(page, "next").unwrap(), "/a?b=1&c");
        assert_eq!(hidden(page, "other"), None);
    }

    #[test]
    fn a_device_goes_nowhere_else() {
        let places = Places {
            issuer: "http://localhost:8080".to_owned(),
            shop: "http://shop.localhost:8081".to_owned(),
            demo: "http://localhost:8081".to_owned(),
            issuer_at: "127.0.0.1:8080".parse().unwrap(),
            shop_at: "127.0.0.1:8081".parse().unwrap(),
        };
        let mark = (header::DNT, HeaderValue::from_static("1"));
        let device = Device::new(Arc::new(places), "", mark);
        let at = |url: &str| device.at(&Url::parse(url).unwrap());
        assert_eq!(at("http://localhost:8080/x").unwrap().port(), 8080);
        assert_eq!(at("http://shop.localhost:8081/x").unwrap().port(), 8081);
        for foreign in [
            "http://evil.test/",
            "https://localhost:8080/",
            "http://localhost:80/",
        ] {
            assert!(at(foreign).is_err(), "{foreign}");
        }
    }
}
