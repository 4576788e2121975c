//! Whatever a stranger gets a proxy to send: no 200 without a live cookie, and no panic.

use http::StatusCode;
use proptest::prelude::*;
use vestibule_http::HeaderFamily::{XForwarded, XOriginal};

use super::asker::Street;

const NAMES: [&str; 18] = [
    "x-forwarded-method",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-uri",
    "x-original-method",
    "x-original-url",
    "x-original-uri",
    "x-forwarded-for",
    "forwarded",
    "host",
    "origin",
    "accept",
    "upgrade",
    "authorization",
    "sec-fetch-site",
    "sec-fetch-mode",
    "remote-user",
    "cookie",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    let known = prop_oneof![
        Just("GET"),
        Just("https"),
        Just("id.example.test"),
        Just("/app"),
        Just("https://id.example.test/app"),
        Just("navigate"),
        Just("__Host-vestibule=AAAA"),
    ];
    prop_oneof![
        proptest::collection::vec(byte, 0..80),
        known.prop_map(|text| text.as_bytes().to_vec()),
    ]
}

/// Holds: ASVS 4.1.3, ASVS 16.5.3
#[test]
fn asvs_4_1_3_no_soup_of_headers_lets_anybody_in() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let street = runtime.block_on(Street::new());
    let lines = proptest::collection::vec((0..NAMES.len(), value()), 0..10);
    let query = prop_oneof![Just(String::new()), "[a-z=&%0-9?+]{1,20}"];
    let case = (lines, query, any::<bool>(), any::<bool>());
    proptest!(ProptestConfig::with_cases(2000), |((lines, query, original, nginx) in case)| {
        let family = if original { XOriginal } else { XForwarded };
        let mut ask = street.ask_by(family, "GET", "/app").of_nobody();
        for (name, value) in lines {
            ask = ask.and_bytes(NAMES[name], &value);
        }
        if nginx {
            ask = ask.of_nginx();
        }
        if !query.is_empty() {
            ask = ask.query(&query);
        }
        let status = runtime.block_on(ask.send()).status;
        let known = [
            StatusCode::FOUND,
            StatusCode::BAD_REQUEST,
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
        ];
        prop_assert!(known.contains(&status), "{status}");
        prop_assert!(!nginx || matches!(status.as_u16(), 401 | 403), "{status}");
    });
}
