//! Our cookies: read strictly, set whole. On the issuer's host:
//!
//! | cookie | holds | SameSite |
//! |---|---|---|
//! | `__Host-vestibule` | a session's id and secret | Lax: a link from elsewhere opens a page of a person who is signed in |
//! | `__Host-vestibule-form` | 32 random bytes that forms before login, and a recovery's link, are bound to | Lax: that link is clicked in a mail |
//! | `__Host-vestibule-device` | a known device's id and secret, never a credential (N15) | Strict: only our own forms need it |
//!
//! On an application's own host, where none of these is ever seen:
//!
//! | cookie | holds | SameSite |
//! |---|---|---|
//! | `__Host-vestibule-app` | an app session's id and secret | Lax |
//! | `__Host-vestibule-handshake-TAG` | 32 random bytes that a handshake is bound to, so that its code is worth nothing elsewhere | Lax: the way back comes from the issuer |
//! | `__Host-vestibule-rounds` | how often sign-in led to the same page within seconds | Lax |
//!
//! On http loopback the names begin with `vestibule-PORT` (on an application's host they are `vestibule-app-PORT` and the like),
//! without `Secure`. No cookie has a `Domain`.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use vestibule_core::app_session::{AppSessionCookie, PlainBrowserSecret, encode_browser};
use vestibule_core::known_device::{DeviceCookie, KNOWN_FOR};
use vestibule_core::origin::Origin;
use vestibule_core::secret::SessionCookie;
use vestibule_core::time::UnixMillis;
use vestibule_engine::LiveSession;

use crate::site::Issuer;

/// Names of the cookies on an application's host over https (N14, ASVS 3.3.1, 3.3.3).
const APP_SESSION: &str = "__Host-vestibule-app";
const HANDSHAKE: &str = "__Host-vestibule-handshake";
const HANDSHAKE_TAG: usize = 6;
/// Most tags that are tried for a secret: tabs that began at once.
const MOST_HANDSHAKES: usize = 64;
const ROUNDS: &str = "__Host-vestibule-rounds";

/// How long rounds are counted together, in seconds.
const ROUNDS_AGE: u64 = 10;

/// Most bytes of cookies, ours and the application's, that a request may carry (ASVS 3.3.5: ours take 200).
pub const MAX_COOKIES: usize = 16 * 1024;

/// The pre-session of a browser that nobody has signed in with (H03).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FormCookie([u8; 32]);

impl FormCookie {
    /// Wraps 32 bytes fresh from the engine's entropy.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What a form's token is bound to.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        let whole = value.len() == 43 && URL_SAFE_NO_PAD.decode_slice(value, &mut bytes) == Ok(32);
        whole.then_some(Self(bytes))
    }
}

impl fmt::Debug for FormCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormCookie")
    }
}

/// Whether the request carries more cookies than are read at all.
pub fn oversized(headers: &HeaderMap) -> bool {
    let bytes: usize = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::len)
        .sum();
    bytes > MAX_COOKIES
}

/// What a developer's browser shows to read mail that was not sent.
pub fn dev_mail<'a>(headers: &'a HeaderMap, issuer: &Issuer) -> Option<&'a [u8]> {
    only(headers, &dev_mail_name(issuer))
}

fn dev_mail_name(issuer: &Issuer) -> String {
    format!("{}-mail", issuer.session_cookie())
}

/// The session cookie, if there is one and only one of its name, whole (H02: with two, nobody can tell whose is whose).
pub fn session(headers: &HeaderMap, issuer: &Issuer) -> Option<SessionCookie> {
    SessionCookie::parse(only(headers, issuer.session_cookie())?)
}

/// The pre-session, under the same rule.
pub fn form(headers: &HeaderMap, issuer: &Issuer) -> Option<FormCookie> {
    FormCookie::parse(only(headers, issuer.form_cookie())?)
}

/// The known device, under the same rule.
pub fn device(headers: &HeaderMap, issuer: &Issuer) -> Option<DeviceCookie> {
    DeviceCookie::parse(only(headers, issuer.device_cookie())?)
}

/// The app session's cookie at this origin, under the same rule.
pub fn app_session(headers: &HeaderMap, origin: &Origin) -> Option<AppSessionCookie> {
    AppSessionCookie::parse(only(headers, &name_at(origin, APP_SESSION))?)
}

/// What of a browser's hash names its cookie. Tabs that begin at once make a secret each, and none must overwrite another's.
pub fn handshake_tag(browser: &str) -> &str {
    browser.get(..HANDSHAKE_TAG).unwrap_or_default()
}

/// What this browser keeps for handshakes at this origin under this tag, under the same rule.
pub fn handshake(headers: &HeaderMap, origin: &Origin, tag: &str) -> Option<PlainBrowserSecret> {
    let name = format!("{}-{tag}", name_at(origin, HANDSHAKE));
    let value = str::from_utf8(only(headers, &name)?).ok()?;
    let secret = PlainBrowserSecret::parse(value)?;
    let own = encode_browser(secret.hashed());
    (handshake_tag(&own) == tag).then_some(secret)
}

/// Anything that this browser keeps for handshakes at this origin.
pub fn any_handshake(headers: &HeaderMap, origin: &Origin) -> Option<PlainBrowserSecret> {
    let prefix = format!("{}-", name_at(origin, HANDSHAKE));
    pairs(headers)
        .filter_map(|pair| {
            let (tag, _) = str::from_utf8(pair)
                .ok()?
                .strip_prefix(&prefix)?
                .split_once('=')?;
            (tag.len() == HANDSHAKE_TAG).then_some(tag)
        })
        // Each tag is looked up among all cookies, so not more often than any browser has need of.
        .take(MOST_HANDSHAKES)
        .find_map(|tag| handshake(headers, origin, tag))
}

/// How often sign-in led this browser to the page of this mark lately.
pub fn rounds(headers: &HeaderMap, origin: &Origin, mark: &str) -> u8 {
    let value = only(headers, &name_at(origin, ROUNDS));
    let value = value.and_then(|value| str::from_utf8(value).ok());
    let counted = value.and_then(|value| value.strip_suffix(mark)?.strip_suffix('.'));
    counted.and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Cookies ignore ports, so on http loopback the name carries the application's.
fn name_at(origin: &Origin, https: &'static str) -> Cow<'static, str> {
    if origin.https() {
        return Cow::Borrowed(https);
    }
    let name = https.strip_prefix("__Host-").unwrap_or(https);
    Cow::Owned(format!("{name}-{}", origin.port()))
}

/// The value of the only cookie of this name. HTTP/2 may bring cookies on several lines (RFC 9113 §8.2.3).
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values =
        pairs(headers).filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|c| *c == b';'))
        .map(<[u8]>::trim_ascii)
}

/// The request's cookies less all of Vestibule's, as one line: what an application behind a proxy may see. Ours are told by
/// how their names begin, so that none that is added later, and none of another port's on loopback, slips through.
pub fn not_ours(headers: &HeaderMap) -> HeaderValue {
    let kept: Vec<&[u8]> = pairs(headers)
        .filter(|pair| !pair.is_empty() && !is_ours(pair))
        .collect();
    // Pieces of header values make header values; were it otherwise, withholding all is safe.
    let mut value = HeaderValue::from_bytes(&kept.join(&b"; "[..]))
        .unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

fn is_ours(pair: &[u8]) -> bool {
    ["__host-vestibule", "vestibule-"].iter().any(|ours| {
        pair.get(..ours.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(ours.as_bytes()))
    })
}

/// `Set-Cookie` for a session that was just opened or renewed. Outlives the browser only if 'remember me' was ticked, and
/// then no longer than the session (N14, N16, C21).
pub fn set_session(
    issuer: &Issuer,
    cookie: &SessionCookie,
    session: &LiveSession,
    now: UnixMillis,
) -> HeaderValue {
    let age = session
        .remembered()
        .then(|| session.expires_at().since(now).as_secs());
    build(
        issuer.https(),
        issuer.session_cookie(),
        &cookie.encode(),
        SameSite::Lax,
        age,
    )
}

/// `Set-Cookie` that takes the session cookie away. For the answer to its own logout alone: an answer to an unknown or dead
/// cookie leaves it, lest a late tab erase a new one.
pub fn clear_session(issuer: &Issuer) -> HeaderValue {
    build(
        issuer.https(),
        issuer.session_cookie(),
        "",
        SameSite::Lax,
        Some(0),
    )
}

/// `Set-Cookie` for a new pre-session.
pub fn set_form(issuer: &Issuer, form: FormCookie) -> HeaderValue {
    build(
        issuer.https(),
        issuer.form_cookie(),
        &URL_SAFE_NO_PAD.encode(form.0),
        SameSite::Lax,
        None,
    )
}

/// `Set-Cookie` that ends the pre-session: its forms are spent at login (H03).
pub fn clear_form(issuer: &Issuer) -> HeaderValue {
    build(
        issuer.https(),
        issuer.form_cookie(),
        "",
        SameSite::Lax,
        Some(0),
    )
}

/// `Set-Cookie` for the device, as it is known from now on; it outlives every login (C23).
pub fn set_device(issuer: &Issuer, device: &DeviceCookie) -> HeaderValue {
    build(
        issuer.https(),
        issuer.device_cookie(),
        &device.encode(),
        SameSite::Strict,
        Some(KNOWN_FOR.as_secs()),
    )
}

/// `Set-Cookie` that takes the device's cookie away: there is no account any more that would know it.
pub fn clear_device(issuer: &Issuer) -> HeaderValue {
    let name = issuer.device_cookie();
    build(issuer.https(), name, "", SameSite::Strict, Some(0))
}

/// `Set-Cookie` for a developer's browser, gone when it is closed.
pub fn set_dev_mail(issuer: &Issuer, key: &str) -> HeaderValue {
    build(
        issuer.https(),
        &dev_mail_name(issuer),
        key,
        SameSite::Strict,
        None,
    )
}

/// `Set-Cookie` for an app session that was just opened; gone when the browser is closed, where the next visit makes another.
pub fn set_app_session(origin: &Origin, cookie: &AppSessionCookie) -> HeaderValue {
    let value = cookie.encode();
    build_at(origin, APP_SESSION, &value, None)
}

/// `Set-Cookie` that takes an app session's cookie away: in the answer to its own logout alone.
pub fn clear_app_session(origin: &Origin) -> HeaderValue {
    build_at(origin, APP_SESSION, "", Some(0))
}

/// `Set-Cookie` for what this browser keeps for handshakes.
pub fn set_handshake(origin: &Origin, browser: &PlainBrowserSecret) -> HeaderValue {
    let hash = encode_browser(browser.hashed());
    let name = format!("{}-{}", name_at(origin, HANDSHAKE), handshake_tag(&hash));
    let value = browser.encode();
    build(origin.https(), &name, &value, SameSite::Lax, None)
}

/// `Set-Cookie` for another round to the page of this mark.
pub fn set_rounds(origin: &Origin, rounds: u8, mark: &str) -> HeaderValue {
    build_at(
        origin,
        ROUNDS,
        &format!("{rounds}.{mark}"),
        Some(ROUNDS_AGE),
    )
}

fn build_at(origin: &Origin, name: &'static str, value: &str, age: Option<u64>) -> HeaderValue {
    let name = name_at(origin, name);
    build(origin.https(), &name, value, SameSite::Lax, age)
}

#[derive(Clone, Copy)]
enum SameSite {
    Lax,
    Strict,
}

#[expect(clippy::expect_used, reason = "see Unwrap safety")]
fn build(
    https: bool,
    name: &str,
    value: &str,
    same_site: SameSite,
    age: Option<u64>,
) -> HeaderValue {
    // ASVS 3.3.1 to 3.3.4, N13, N14.
    let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite=");
    text.push_str(match same_site {
        SameSite::Lax => "Lax",
        SameSite::Strict => "Strict",
    });
    if https {
        text.push_str("; Secure");
    }
    if let Some(age) = age {
        text.push_str("; Max-Age=");
        text.push_str(&age.to_string());
    }
    // Unwrap safety: names, base64url and numbers, all visible ASCII.
    let mut value = HeaderValue::try_from(text).expect("visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_core::id::SessionId;
    use vestibule_core::secret::PlainSessionSecret;

    fn issuer() -> Issuer {
        Issuer::parse("https://id.example.com").unwrap()
    }

    fn sent(lines: &[&str]) -> HeaderMap {
        lines
            .iter()
            .map(|line| (header::COOKIE, line.parse().unwrap()))
            .collect()
    }

    fn value() -> String {
        let id = SessionId::new(UnixMillis(0), [1; 10]);
        SessionCookie {
            id,
            secret: PlainSessionSecret::new([2; 32]),
        }
        .encode()
    }

    #[test]
    fn the_cookie_is_found_among_others_and_on_several_lines() {
        let value = value();
        for lines in [
            &[&*format!("__Host-vestibule={value}")][..],
            &[&format!("a=b; __Host-vestibule={value};c")],
            &["theme=dark", &format!("__Host-vestibule={value}")],
            &[&format!(
                "__Host-vestibule-form=x; __host-vestibule=y; __Host-vestibule={value}"
            )],
        ] {
            assert!(session(&sent(lines), &issuer()).is_some(), "{lines:?}");
        }
    }

    #[test]
    fn an_application_s_cookies_are_all_but_ours() {
        for (lines, left) in [
            (&["a=b; __Host-vestibule=x; c=d"][..], "a=b; c=d"),
            (&["__Host-vestibule-app=x"], ""),
            (
                &["__Host-vestibule-handshake=x;a=b", "__Host-vestibule=y"],
                "a=b",
            ),
            (&["vestibule-8080=x; vestibule-app-8080=y; c"], "c"),
            (
                &["a=\"__Host-vestibule=x\"; __HOST-VESTIBULE=z"],
                "a=\"__Host-vestibule=x\"",
            ),
            (
                &["x=__Host-vestibule; ; myvestibule-1=2"],
                "x=__Host-vestibule; myvestibule-1=2",
            ),
            (&[], ""),
        ] {
            let value = not_ours(&sent(lines));
            assert_eq!(value, left, "{lines:?}");
            assert!(value.is_sensitive());
        }
    }

    /// Holds: H02
    #[test]
    fn h02_two_cookies_of_one_name_are_none() {
        let value = value();
        for lines in [
            &[&*format!(
                "__Host-vestibule={value}; __Host-vestibule={value}"
            )][..],
            &[
                &format!("__Host-vestibule={value}"),
                "__Host-vestibule=tossed",
            ],
            &[&format!("__Host-vestibule=; __Host-vestibule={value}")],
        ] {
            assert!(session(&sent(lines), &issuer()).is_none(), "{lines:?}");
        }
    }

    /// Holds: H02
    #[test]
    fn h02_two_cookies_under_one_handshake_s_tag_are_none() {
        let origin: Origin = "https://shop.example.test".parse().unwrap();
        let pair = |secret: &PlainBrowserSecret, value: &str| {
            let hash = encode_browser(secret.hashed());
            format!("{HANDSHAKE}-{}={value}", handshake_tag(&hash))
        };
        let (one, two) = (
            PlainBrowserSecret::new([1; 32]),
            PlainBrowserSecret::new([2; 32]),
        );
        let hash = encode_browser(one.hashed());
        let tag = handshake_tag(&hash);
        let own = pair(&one, &one.encode());
        let found = |lines: &[&str], tag| handshake(&sent(lines), &origin, tag).is_some();
        let any =
            |lines: &[&str]| any_handshake(&sent(lines), &origin).map(|secret| secret.encode());
        assert!(found(&[&own], tag) && !found(&[&own], "AAAAAA") && !found(&[&own], ""));
        assert_eq!(any(&[&own]), Some(one.encode()));
        let tossed = pair(&one, "tossed");
        let another = pair(&one, &two.encode());
        for twice in [
            &[&*own, &*own][..],
            &[&own, &tossed],
            &[&tossed, &own],
            &[&format!("{own}; {another}")],
        ] {
            assert!(!found(twice, tag), "{twice:?}");
            assert_eq!(any(twice), None, "{twice:?}");
        }
        // Another tab's is none of its business.
        let other = pair(&two, &two.encode());
        assert!(found(&[&own, &other], tag));
        assert_eq!(any(&[&own, &own, &other]), Some(two.encode()));
    }

    #[test]
    fn a_cookie_that_is_not_whole_is_none() {
        let value = value();
        for cookie in [
            String::new(),
            value[1..].to_owned(),
            format!("{value}A"),
            format!("\"{value}\""),
            "A".repeat(1 << 16),
        ] {
            assert!(session(&sent(&[&format!("__Host-vestibule={cookie}")]), &issuer()).is_none());
        }
        assert!(session(&sent(&[&format!(" __Host-vestibule ={value}")]), &issuer()).is_none());
        assert!(
            form(
                &sent(&[&format!("__Host-vestibule-form={value}")]),
                &issuer()
            )
            .is_none()
        );
        assert!(oversized(&sent(&[&"x".repeat(MAX_COOKIES), "y"])));
    }

    /// Holds: ASVS 3.3.1, ASVS 3.3.2, ASVS 3.3.3, ASVS 3.3.4, N13, N14
    #[test]
    fn asvs_3_3_our_cookies_have_every_attribute_and_no_domain() {
        let form = FormCookie::new([0; 32]);
        let set = set_form(&issuer(), form);
        let empty = "A".repeat(43);
        assert_eq!(
            set.to_str().unwrap(),
            format!("__Host-vestibule-form={empty}; Path=/; HttpOnly; SameSite=Lax; Secure")
        );
        assert!(set.is_sensitive());
        let cleared = clear_session(&Issuer::parse("http://localhost:8080").unwrap());
        assert_eq!(
            cleared.to_str().unwrap(),
            "vestibule-8080=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn a_pre_session_reads_back() {
        let form_cookie = FormCookie::new([7; 32]);
        let set = set_form(&issuer(), form_cookie);
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        assert_eq!(form(&sent(&[&pair]), &issuer()), Some(form_cookie));
        assert_eq!(format!("{form_cookie:?}"), "FormCookie");
    }
}
