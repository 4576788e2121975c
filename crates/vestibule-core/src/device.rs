//! A readable name for a device, from its `User-Agent`. A label for its owner's eyes; nothing is decided by it.

use woothee::parser::Parser;

/// What kind of thing it is, for an icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// A computer.
    Computer,
    /// A telephone.
    Phone,
    /// Neither could be told.
    Unknown,
}

/// A device in words: 'Firefox on Linux'. Either part may be unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLabel {
    /// 'Firefox'.
    pub browser: Option<String>,
    /// 'Linux'.
    pub system: Option<String>,
    /// For an icon.
    pub kind: DeviceKind,
}

impl DeviceLabel {
    /// Reads a `User-Agent`.
    pub fn read(user_agent: Option<&str>) -> Self {
        let nothing = Self {
            browser: None,
            system: None,
            kind: DeviceKind::Unknown,
        };
        let Some(read) = user_agent.and_then(|agent| Parser::new().parse(agent)) else {
            return nothing;
        };
        let kind = match read.category {
            "pc" => DeviceKind::Computer,
            "smartphone" | "mobilephone" => DeviceKind::Phone,
            _ => DeviceKind::Unknown,
        };
        Self {
            browser: known(read.name),
            system: known(system(read.os)),
            kind,
        }
    }
}

fn known(name: &str) -> Option<String> {
    (!name.is_empty() && name != "UNKNOWN").then(|| name.to_owned())
}

fn system(os: &str) -> &str {
    match os {
        "Mac OSX" => "macOS",
        os if os.starts_with("Windows") => "Windows",
        os => os,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_have_readable_names() {
        for (agent, browser, system, kind) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox",
                "Linux",
                DeviceKind::Computer,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
                "Chrome",
                "Windows",
                DeviceKind::Computer,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari",
                "iPhone",
                DeviceKind::Phone,
            ),
        ] {
            let label = DeviceLabel::read(Some(agent));
            assert_eq!(label.browser.as_deref(), Some(browser));
            assert_eq!(label.system.as_deref(), Some(system));
            assert_eq!(label.kind, kind);
        }
        assert_eq!(DeviceLabel::read(Some("\u{1b}[2J")).browser, None);
        assert_eq!(DeviceLabel::read(None).kind, DeviceKind::Unknown);
    }
}
