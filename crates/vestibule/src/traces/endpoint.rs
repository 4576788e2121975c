//! Where traces go, as the setting has it.

use std::fmt;

use http::Uri;

/// What the setting may be.
const ALLOWED: &str = "a collector's URL such as \"http://127.0.0.1:4318\" or \"https://otel.example.com\": https, or http on \
                       this machine, without a query or a login";

/// A collector that takes OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL that spans are posted to.
    pub url: Uri,
}

impl Endpoint {
    /// Reads the setting; answers what is allowed where it is not.
    pub fn parse(text: &str) -> Result<Self, String> {
        if cfg!(not(feature = "otlp")) {
            return Err(
                "left out: this vestibule was built without traces; build one with them by \
                 `cargo build --release -p vestibule --features otlp`"
                    .to_owned(),
            );
        }
        Self::read(text).ok_or_else(|| ALLOWED.to_owned())
    }

    fn read(text: &str) -> Option<Self> {
        let url: Uri = text.parse().ok()?;
        let authority = url.authority()?;
        let host = authority.host();
        let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        // ASVS 12.3.1: what leaves this machine is encrypted.
        let secure = match url.scheme_str()? {
            "https" => true,
            "http" => here,
            _ => false,
        };
        if !secure || authority.as_str().contains('@') || url.query().is_some() {
            return None;
        }
        let path = match url.path() {
            // OTLP 1.x: the path below a collector's base URL.
            "/" => "/v1/traces",
            path => path,
        };
        let url = format!("{}://{authority}{path}", url.scheme_str()?);
        Some(Self {
            url: url.parse().ok()?,
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_gets_the_path_of_otlp_and_a_whole_one_keeps_its_own() {
        for (text, url) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
            (
                "https://otel.example.com",
                "https://otel.example.com/v1/traces",
            ),
            (
                "https://otel.example.com/in/traces",
                "https://otel.example.com/in/traces",
            ),
        ] {
            assert_eq!(Endpoint::read(text).unwrap().to_string(), url);
        }
    }

    /// Holds: ASVS 12.3.1
    #[test]
    fn asvs_12_3_1_nothing_leaves_the_machine_unencrypted() {
        for bad in [
            "http://otel.example.com:4318",
            "http://10.0.0.7:4318",
            "http://localhost.example.com:4318",
            "grpc://127.0.0.1:4317",
            "127.0.0.1:4318",
            "https://user:secret@otel.example.com",
            "https://otel.example.com/v1/traces?key=secret",
            "",
        ] {
            assert_eq!(Endpoint::read(bad), None, "{bad}");
        }
    }

    #[cfg(not(feature = "otlp"))]
    #[test]
    fn a_binary_without_traces_says_how_to_get_one_with_them() {
        let told = Endpoint::parse("http://127.0.0.1:4318").unwrap_err();
        assert!(told.contains("built without traces"), "{told}");
        assert!(told.contains("--features otlp"), "{told}");
    }
}
