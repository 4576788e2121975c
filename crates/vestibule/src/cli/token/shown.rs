//! What a token says, for a person: as JSON, so that no text can pass for what stands beside it; times as dates, too.

use anyhow::Result;
use serde_json::Value;
use vestibule_verify::NumericDate;
use vestibule_verify::json::Object;

use super::output;

/// Claims that are dates (RFC 7519 §4.1, OpenID Connect Core §2).
const DATES: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];

pub fn members(heading: &str, members: &Object, now: NumericDate) -> Result<()> {
    let told = |(name, value): (&String, &Value)| vec![name.clone(), told(name, value, now)];
    let rows: Vec<_> = members.iter().map(told).collect();
    output::rows(&[heading, "value"], &rows, "nothing")
}

fn told(name: &str, value: &Value, now: NumericDate) -> String {
    let date = NumericDate::from_json(value).filter(|_| DATES.contains(&name));
    let Some(date) = date else {
        return value.to_string();
    };
    let Ok(instant) = jiff::Timestamp::from_millisecond(date.millis()) else {
        return value.to_string();
    };
    let (seconds, which) = if date > now {
        (date.seconds() - now.seconds(), "from now")
    } else {
        (now.seconds() - date.seconds(), "ago")
    };
    format!("{value} ({instant}, {} {which})", span(seconds))
}

/// About how long that is.
fn span(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_dates_and_how_far_away() {
        let now = NumericDate::from_seconds(1_700_000_000);
        let exp = told("exp", &json!(1_700_000_600), now);
        assert_eq!(exp, "1700000600 (2023-11-14T22:23:20Z, 10 min from now)");
        let iat = told("iat", &json!(1_699_999_999), now);
        assert_eq!(iat, "1699999999 (2023-11-14T22:13:19Z, 1 s ago)");
        assert_eq!(told("exp", &json!("soon"), now), r#""soon""#);
        let forged = told("exp", &json!(exp), now);
        assert_eq!(
            forged,
            format!("\"{exp}\""),
            "a text that reads like a date"
        );
        let forged = told("aud", &json!(r#"["a","b"]"#), now);
        assert_eq!(forged, r#""[\"a\",\"b\"]""#, "one that reads like a list");
        assert_eq!(told("rev", &json!(7), now), "7");
        assert_eq!(told("aud", &json!(["a", "b"]), now), r#"["a","b"]"#);
    }
}
