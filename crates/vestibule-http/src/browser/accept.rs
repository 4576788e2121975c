//! What kind of answer a caller can read (RFC 9110 §12.5.1): a page, or a problem.

use http::{HeaderMap, header};

/// Most ranges that are read.
const MOST_RANGES: usize = 32;

/// Whether JSON is named and preferred to HTML. Who names neither is taken for a person.
pub(super) fn prefers_json(headers: &HeaderMap) -> bool {
    let (mut json, mut html) = (0.0_f32, 0.0_f32);
    let lines = headers.get_all(header::ACCEPT).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    for range in lines.flat_map(|line| line.split(',')).take(MOST_RANGES) {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let weight = weight.map_or(Ok(1.0), str::parse::<f32>).unwrap_or(0.0);
        match essence.as_str() {
            "application/json" | "application/problem+json" => json = json.max(weight),
            "text/html" | "application/xhtml+xml" => html = html.max(weight),
            _ => {}
        }
    }
    json > html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_that_it_would_rather_have_json() {
        let prefers = |accept: &str| {
            let headers = [(header::ACCEPT, accept.parse().unwrap())];
            prefers_json(&headers.into_iter().collect())
        };
        for program in [
            "application/json",
            "application/problem+json",
            "application/json, text/plain, */*",
            "Application/JSON;q=0.9, text/html;q=0.8",
        ] {
            assert!(prefers(program), "{program}");
        }
        for person in [
            "",
            "*/*",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json, text/html",
            "application/json;q=0",
            "application/json;q=x",
            "text/html;q=0.9, application/json;q=0.8",
        ] {
            assert!(!prefers(person), "{person}");
        }
        assert!(!prefers_json(&HeaderMap::new()));
    }
}
