//! What a browser adds to HTTP: a cookie jar that is as strict as theirs (RFC 6265bis), and what it tells of itself.

use http::{HeaderMap, HeaderValue, Method, header};
use url::{Host, Url};

use super::web::{Answer, Ask, Web, WebError};

/// A browser with an empty jar.
pub struct Browser<'a> {
    web: &'a Web,
    jar: Vec<Cookie>,
}

struct Cookie {
    host: String,
    name: String,
    value: String,
    secure: bool,
    path: String,
}

/// An answer, and the cookies in it that a browser does not take.
pub struct Visit {
    /// What came back.
    pub answer: Answer,
    /// Each with the reason.
    pub refused: Vec<String>,
}

impl<'a> Browser<'a> {
    /// Nothing known to anybody.
    pub const fn new(web: &'a Web) -> Self {
        let jar = Vec::new();
        Self { web, jar }
    }

    /// A person opens a page, or is sent to it from `from`.
    pub async fn open(&mut self, url: &Url, from: Option<&Url>) -> Result<Visit, WebError> {
        let site = match from {
            None => "none",
            Some(from) if from.origin() == url.origin() => "same-origin",
            Some(_) => "cross-site",
        };
        self.send(Method::GET, url, site, &[], String::new()).await
    }

    /// A person sends a form of `page`'s.
    pub async fn submit(
        &mut self,
        url: &Url,
        page: &Url,
        fields: &[(String, String)],
    ) -> Result<Visit, WebError> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let origin = page.origin().ascii_serialization();
        let more = [
            (header::ORIGIN, origin),
            (
                header::CONTENT_TYPE,
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ];
        let site = if page.origin() == url.origin() {
            "same-origin"
        } else {
            "cross-site"
        };
        self.send(Method::POST, url, site, &more, body).await
    }

    async fn send(
        &mut self,
        method: Method,
        url: &Url,
        site: &'static str,
        more: &[(http::HeaderName, String)],
        body: String,
    ) -> Result<Visit, WebError> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (
                "user-agent",
                concat!(
                    "Mozilla/5.0 (vestibule-doctor/",
                    env!("CARGO_PKG_VERSION"),
                    ")"
                ),
            ),
            ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
            ("accept-language", "en"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-user", "?1"),
            ("sec-fetch-site", site),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in more {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        if let Some(cookies) = self.cookies(url) {
            headers.insert(header::COOKIE, cookies);
        }
        let url = url.clone();
        let at = url.clone();
        let ask = Ask {
            method,
            url,
            headers,
            body,
        };
        let answer = self.web.ask(ask).await?;
        let mut refused = Vec::new();
        for line in answer.headers.get_all(header::SET_COOKIE) {
            if let Err(why) = self.keep(&at, line) {
                refused.push(why);
            }
        }
        Ok(Visit { answer, refused })
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        let fit = self.jar.iter().filter(|cookie| cookie.fits(url));
        let pairs: Vec<String> = fit
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        let mut value = HeaderValue::try_from(pairs.join("; ")).ok()?;
        value.set_sensitive(true);
        (!pairs.is_empty()).then_some(value)
    }

    /// Takes a cookie, or answers why a browser does not. Its value is never told.
    fn keep(&mut self, url: &Url, line: &HeaderValue) -> Result<(), String> {
        let line = line
            .to_str()
            .map_err(|_| "a cookie with bytes outside ASCII".to_owned())?;
        let mut parts = line.split(';').map(str::trim);
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let attributes: Vec<(String, &str)> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
            .collect();
        let attribute = |of: &str| {
            let found = attributes.iter().rev().find(|(name, _)| name == of);
            found.map(|(_, value)| *value)
        };
        let refused = |why: &str| Err(format!("the cookie {name} {why}"));
        let host = url.host_str().unwrap_or_default();
        let secure = attribute("secure").is_some();
        if secure && !is_trustworthy(url) {
            return refused("is Secure, and came over plain http");
        }
        if let Some(domain) = attribute("domain").filter(|domain| !domain.is_empty()) {
            let domain = domain.trim_start_matches('.').to_ascii_lowercase();
            if name.starts_with("__Host-") {
                return refused("got a Domain on its way, which no __Host- cookie may have");
            }
            if domain != host && !host.ends_with(&format!(".{domain}")) {
                return refused(&format!("is for {domain}, which {host} is no part of"));
            }
        }
        let is_bound = name.starts_with("__Host-") || name.starts_with("__Secure-");
        if is_bound && !secure {
            return refused("lost its Secure on its way, which browsers require of its name");
        }
        let path = attribute("path").filter(|path| path.starts_with('/'));
        if name.starts_with("__Host-") && path != Some("/") {
            return refused("does not have Path=/ any more, which browsers require of its name");
        }
        self.jar
            .retain(|known| known.host != host || known.name != name);
        let is_over = attribute("max-age").is_some_and(|age| age == "0" || age.starts_with('-'));
        if !is_over {
            self.jar.push(Cookie {
                host: host.to_owned(),
                name: name.to_owned(),
                value: value.to_owned(),
                secure,
                path: path.unwrap_or("/").to_owned(),
            });
        }
        Ok(())
    }
}

impl Cookie {
    fn fits(&self, url: &Url) -> bool {
        let below = url.path().strip_prefix(self.path.trim_end_matches('/'));
        url.host_str() == Some(&self.host)
            && (!self.secure || is_trustworthy(url))
            && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Browsers take Secure cookies over https and from this machine.
fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

/// Hidden fields of the form on `html` that goes to `action`; `None` without such a form.
pub fn hidden(html: &str, action: &str) -> Option<Vec<(String, String)>> {
    let (_, form) = html.split_once(&format!("action=\"{action}\""))?;
    let form = form.split("</form>").next().unwrap_or(form);
    let inputs = form.split("<input ").skip(1);
    let hidden = inputs.filter_map(|input| {
        let input = input.split('>').next()?;
        let of = |name: &str| {
            let (_, rest) = input.split_once(&format!("{name}=\""))?;
            Some(unescaped(rest.split('"').next()?))
        };
        (of("type")? == "hidden").then_some(())?;
        Some((of("name")?, of("value").unwrap_or_default()))
    });
    Some(hidden.collect())
}

/// Where the page itself leads on to.
pub fn refresh(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("http-equiv=\"refresh\" content=\"0;url=")?;
    Some(unescaped(rest.split('"').next()?))
}

/// The text of the element that tells a fault.
pub fn alert(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("role=\"alert\"")?;
    let (_, text) = rest.split_once('>')?;
    Some(unescaped(text.split('<').next()?.trim()))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#38;", "&")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(url: &str, line: &'static str) -> Result<bool, String> {
        let web = Web::new(Vec::new()).unwrap();
        let mut browser = Browser::new(&web);
        let url = Url::parse(url).unwrap();
        browser.keep(&url, &HeaderValue::from_static(line))?;
        Ok(browser.cookies(&url).is_some())
    }

    #[test]
    fn a_cookie_is_taken_as_browsers_take_it() {
        let https = "https://id.example.test/login";
        for (url, line) in [
            (
                https,
                "__Host-vestibule=x; Path=/; Secure; HttpOnly; SameSite=Lax",
            ),
            (https, "plain=x; Path=/login"),
            ("http://localhost:8080/", "vestibule-8080=x; Path=/"),
            (https, "wide=x; Domain=example.test"),
        ] {
            assert_eq!(kept(url, line), Ok(true), "{line}");
        }
        assert_eq!(kept(https, "gone=; Max-Age=0"), Ok(false));
        for (url, line, why) in [
            (https, "__Host-vestibule=s3cret; Path=/", "lost its Secure"),
            (
                https,
                "__Host-vestibule=s3cret; Secure; Path=/app",
                "Path=/",
            ),
            (
                https,
                "__Host-vestibule=s3cret; Secure; Path=/; Domain=id.example.test",
                "Domain",
            ),
            ("http://id.example.test/", "a=s3cret; Secure", "plain http"),
            (https, "a=s3cret; Domain=elsewhere.test", "no part of"),
        ] {
            let told = kept(url, line).unwrap_err();
            assert!(told.contains(why) && !told.contains("s3cret"), "{told}");
        }
    }

    #[test]
    fn a_form_is_read_with_what_it_hides() {
        let html = r#"<form method="post" action="/login"><input type="hidden" name="csrf" value="a&#38;b">
            <input class="input" name="identifier" type="email" value=""></form><form action="/other"></form>"#;
        let fields = hidden(html, "/login").unwrap();
        assert_eq!(fields, [("csrf".to_owned(), "a&b".to_owned())]);
        assert_eq!(hidden(html, "/logout"), None);
        let html =
            r#"<meta http-equiv="refresh" content="0;url=https://shop.example.test/a?b&#38;c">"#;
        assert_eq!(refresh(html).unwrap(), "https://shop.example.test/a?b&c");
        let html = r#"<p class="notice bad" role="alert" id="fault">Wrong &amp; sad</p>"#;
        assert_eq!(alert(html).unwrap(), "Wrong & sad");
    }
}
