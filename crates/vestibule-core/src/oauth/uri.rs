//! An absolute URI in its parts (RFC 3986 §3), read strictly: what a browser would mend is refused here.

/// The parts, as they stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uri<'a> {
    /// In lower case, and only so.
    pub(super) scheme: &'a str,
    /// What follows `//`, where anything does.
    pub(super) authority: Option<&'a str>,
    /// Perhaps empty.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// `None`: relative, or with a character that no URI has (a blank, a control, a backslash, anything but ASCII).
    pub(super) fn read(text: &'a str) -> Option<Self> {
        text.bytes().all(is_uri_character).then_some(())?;
        percent_triplets_are_whole(text).then_some(())?;
        let (scheme, rest) = text.split_once(':')?;
        is_scheme(scheme).then_some(())?;
        let (rest, fragment) = cut(rest, '#');
        let (rest, query) = cut(rest, '?');
        let (authority, path) = match rest.strip_prefix("//") {
            None => (None, rest),
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
        };
        Some(Self {
            scheme,
            authority,
            path,
            query,
            fragment,
        })
    }

    /// Whether the path leads up or nowhere: `.` and `..`, also encoded, and with parameters behind them.
    pub(super) fn has_dot_segment(&self) -> bool {
        self.path.split('/').any(|segment| {
            let name = segment.split(';').next().unwrap_or_default();
            let name = name.to_ascii_lowercase().replace("%2e", ".");
            matches!(name.as_str(), "." | "..")
        })
    }
}

/// RFC 3986 §2.2, §2.3: reserved, unreserved and the percent sign.
const fn is_uri_character(c: u8) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, b'-' | b'.' | b'_' | b'~' | b'%' | b':' | b'/' | b'?')
        || matches!(c, b'#' | b'[' | b']' | b'@' | b'!' | b'$' | b'&' | b'\'')
        || matches!(c, b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

fn percent_triplets_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    })
}

fn is_scheme(scheme: &str) -> bool {
    let fits =
        |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'+' | b'-' | b'.');
    scheme.starts_with(|c: char| c.is_ascii_lowercase()) && scheme.bytes().all(fits)
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_comes_apart_where_the_standard_says() {
        let uri = Uri::read("https://api.example.test:8/a/b?c=/d?#e").unwrap();
        assert_eq!(
            (uri.scheme, uri.authority),
            ("https", Some("api.example.test:8"))
        );
        assert_eq!(
            (uri.path, uri.query, uri.fragment),
            ("/a/b", Some("c=/d?"), Some("e"))
        );
        let urn = Uri::read("urn:example:a").unwrap();
        assert_eq!((urn.authority, urn.path), (None, "example:a"));
        for wrong in [
            "",
            "/a",
            "a",
            "1a:b",
            "HTTPS://a",
            "a:b c",
            "a:\\b",
            "a:%2",
            "a:ä",
            "a:\u{7f}",
        ] {
            assert_eq!(Uri::read(wrong), None, "{wrong:?}");
        }
    }
}
