//! The stylesheet, the script and the icon, embedded in the binary so that no page loads anything from another host
//! (ASVS 3.6.1, R07).
//!
//! Each is served under a path that carries a hash of its content (`/assets/0123456789abcdef-vestibule.css`), and so may be
//! cached for ever: new content is a new path. The hash is FNV-1a, worked out by the compiler. It names a version and
//! guards nothing, since page and asset come from the same binary over the same connection; no cryptographic hash is needed.

/// For `Cache-Control`: a path never changes its content, so a browser need not ask again.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

const PREFIX: &str = "/assets/";

/// What stands before it on an application's host.
pub const ON_APPLICATION_HOST: &str = "/vestibule";

/// One embedded file. Serve it with [`Asset::content_type`], [`CACHE_CONTROL`] and `X-Content-Type-Options: nosniff`
/// (ASVS 3.4.4), to anybody: it holds nothing private.
#[derive(Debug)]
pub struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    hash: u64,
}

/// The one stylesheet.
pub static STYLESHEET: Asset = Asset::new(
    "vestibule.css",
    "text/css; charset=utf-8",
    include_bytes!("../assets/vestibule.css"),
);
/// The one script, an ES module. Every page works without it.
pub static SCRIPT: Asset = Asset::new(
    "vestibule.js",
    "text/javascript; charset=utf-8",
    include_bytes!("../assets/vestibule.js"),
);
/// The icon of the browser's tab.
pub static ICON: Asset = Asset::new(
    "icon.svg",
    "image/svg+xml; charset=utf-8",
    include_bytes!("../assets/icon.svg"),
);

/// Everything there is.
pub static ASSETS: [&Asset; 3] = [&STYLESHEET, &SCRIPT, &ICON];

/// The asset under this request path (`/assets/…`, no query), or `None`: a path with the hash of another version is
/// unknown, so that no cache learns a wrong content for ever.
pub fn asset(path: &str) -> Option<&'static Asset> {
    let (hash, name) = path.strip_prefix(PREFIX)?.split_once('-')?;
    ASSETS
        .into_iter()
        .find(|asset| asset.name == name && asset.hex() == hash)
}

impl Asset {
    const fn new(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self {
            name,
            content_type,
            bytes,
            hash: fnv1a(bytes),
        }
    }

    /// The path to link to.
    pub fn path(&self) -> String {
        format!("{PREFIX}{}-{}", self.hex(), self.name)
    }

    /// The file's own name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// For `Content-Type`, with charset.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The content.
    pub fn bytes(&self) -> &'static [u8] {
        self.bytes
    }

    fn hex(&self) -> String {
        format!("{:016x}", self.hash)
    }
}

pub(crate) const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_under_the_path_that_pages_link_to() {
        for expected in ASSETS {
            let found = asset(&expected.path()).expect("linked, so served");
            assert_eq!(found.name(), expected.name());
            assert!(!found.bytes().is_empty());
        }
    }

    #[test]
    fn a_path_of_another_version_or_of_nothing_is_unknown() {
        let path = STYLESHEET.path();
        for wrong in [
            "/assets/0000000000000000-vestibule.css",
            "/assets/vestibule.css",
            "/assets/",
            "/assets/-",
            "/assets/../Cargo.toml",
            &path.to_uppercase(),
            &path.replace(".css", ".js"),
            &path[1..],
        ] {
            assert!(asset(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_hash_is_the_published_fnv1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    /// Holds: ASVS 3.6.1, R07
    #[test]
    fn asvs_3_6_1_no_asset_loads_anything_from_another_host() {
        for asset in ASSETS {
            let text = std::str::from_utf8(asset.bytes())
                .expect("UTF-8")
                .replace("http://www.w3.org/2000/svg", "");
            for foreign in ["http:", "https:", "//cdn", "@import", "url("] {
                assert!(!text.contains(foreign), "{} has {foreign}", asset.name());
            }
            assert!(asset.content_type().ends_with("; charset=utf-8"));
        }
    }
}
