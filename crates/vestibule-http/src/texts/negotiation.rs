//! Choosing a language by `Accept-Language` (RFC 9110 §12.5.4, look-up by RFC 4647 §3.4 on the primary subtag).

/// More ranges than any browser sends; the rest is passed over unread.
const MOST_RANGES: usize = 32;

/// The index in `tags` of the language preferred: the highest weight, and among equals the one named first. 0 if none fits.
pub(super) fn preferred<'a>(values: impl Iterator<Item = &'a str>, tags: &[&str]) -> usize {
    let mut best = (0, 0);
    for range in values.flat_map(|value| value.split(',')).take(MOST_RANGES) {
        let Some((tag, weight)) = parse(range) else {
            continue;
        };
        if let Some(index) = position(tag, tags)
            && weight > best.1
        {
            best = (index, weight);
        }
    }
    best.0
}

fn position(range: &str, tags: &[&str]) -> Option<usize> {
    if range == "*" {
        return Some(0);
    }
    let primary = range.split('-').next()?;
    tags.iter()
        .position(|tag| tag.eq_ignore_ascii_case(primary))
}

/// One range with its weight in thousandths; `None` where it is malformed.
fn parse(range: &str) -> Option<(&str, u16)> {
    let (tag, parameter) = match range.split_once(';') {
        Some((tag, parameter)) => (tag.trim(), Some(parameter.trim())),
        None => (range.trim(), None),
    };
    let well_formed = tag == "*"
        || (!tag.is_empty()
            && tag
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    if !well_formed {
        return None;
    }
    let Some(parameter) = parameter else {
        return Some((tag, 1000));
    };
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    Some((tag, weight(value.trim())?))
}

/// `qvalue` of RFC 9110 §12.4.2: `0`, `1`, or up to three digits after the point.
fn weight(value: &str) -> Option<u16> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(header: &str) -> &'static str {
        let tags = ["en", "de"];
        tags[preferred(std::iter::once(header), &tags)]
    }

    #[test]
    fn the_highest_weight_wins_and_the_first_among_equals() {
        assert_eq!(choose("de"), "de");
        assert_eq!(choose("de-AT,de;q=0.9,en;q=0.8"), "de");
        assert_eq!(choose("en;q=0.7, de;q=0.8"), "de");
        assert_eq!(choose("en, de"), "en");
        assert_eq!(choose("fr, de;q=0.3"), "de");
        assert_eq!(choose("DE-ch"), "de");
    }

    #[test]
    fn english_where_nothing_fits() {
        for header in ["", "fr", "*", "de;q=0", "ja,zh;q=0.5", "*;q=0.1"] {
            assert_eq!(choose(header), "en", "{header}");
        }
    }

    #[test]
    fn what_is_malformed_is_passed_over() {
        assert_eq!(choose(";;;,,,q=1,de"), "de");
        assert_eq!(choose("de;q=2, en;q=0.1"), "en");
        assert_eq!(
            choose("de;q=, de;q=abc, de;q=-1, de;q=1.001, de;q=0.1234"),
            "en"
        );
        assert_eq!(choose("de;level=1"), "en");
        assert_eq!(choose("d e, <script>, de;q=0.2"), "de");
        assert_eq!(choose(&format!("{}de", "fr,".repeat(100))), "en");
    }

    #[test]
    fn several_headers_count_as_one() {
        assert_eq!(
            preferred(["fr;q=1", "de;q=0.5"].into_iter(), &["en", "de"]),
            1
        );
    }
}
