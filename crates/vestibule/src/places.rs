//! The operator's list of networks (`places.file`): a file in MaxMind's format, read whole and checked once at the start.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use maxminddb::geoip2::{City, Names};
use maxminddb::{MaxMindDbError, Reader, WithinOptions};

use vestibule_core::place::{Country, Located};
use vestibule_engine::Places;

use crate::regular;

/// A file that names no country in this many networks names none.
const LOOKED_AT: usize = 100_000;
/// Longer than any such list there is.
const MOST: u64 = 1024 * 1024 * 1024;

/// A list of networks, held in memory.
pub struct PlacesFile {
    reader: Reader<Vec<u8>>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    /// The file cannot be read.
    #[error("the list of places {path} cannot be read ({source}): places.file names it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not in MaxMind's format, or damaged.
    #[error(
        "places.file: {path} is no file in MaxMind's format, or is damaged ({source}): download it again and unpack it"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: MaxMindDbError,
    },
    /// It is a list of something else.
    #[error(
        "places.file: {path} is a list of another kind ('{kind}') and names no countries: take a list of countries or cities, such as GeoLite2-City.mmdb"
    )]
    NoCountries {
        /// The file.
        path: PathBuf,
        /// What it says of itself.
        kind: String,
    },
}

impl PlacesFile {
    /// Reads the file and checks all of it, so that what is wrong with it is told at the start and not on a page.
    pub fn open(path: &Path) -> Result<Self, PlacesError> {
        let bytes = regular::read(path, MOST).map_err(|source| PlacesError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let damaged = |source| PlacesError::Damaged {
            path: path.to_owned(),
            source,
        };
        let reader = Reader::from_source(bytes).map_err(damaged)?;
        reader.verify().map_err(damaged)?;
        if !names_countries(&reader).map_err(damaged)? {
            return Err(PlacesError::NoCountries {
                path: path.to_owned(),
                kind: reader.metadata().database_type.clone(),
            });
        }
        Ok(Self { reader })
    }
}

impl Places for PlacesFile {
    fn locate(&self, address: IpAddr, language: &str) -> Option<Located> {
        // An address of a version that the file does not have is as unknown as any other.
        let found = self.reader.lookup(address).ok()?;
        let record: City<'_> = found.decode().ok()??;
        let code = record.country.iso_code?;
        Some(Located {
            country: Country {
                code: code.to_owned(),
                name: name(&record.country.names, language)
                    .unwrap_or(code)
                    .to_owned(),
            },
            city: name(&record.city.names, language).map(str::to_owned),
        })
    }
}

fn names_countries(reader: &Reader<Vec<u8>>) -> Result<bool, MaxMindDbError> {
    for network in reader.networks(WithinOptions::default())?.take(LOOKED_AT) {
        // A record that cannot be read as a place is one of another kind.
        let record = network?.decode::<City<'_>>();
        if record.is_ok_and(|record| record.is_some_and(|place| place.country.iso_code.is_some())) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn name<'a>(names: &Names<'a>, language: &str) -> Option<&'a str> {
    let own = match language {
        "de" => names.german,
        _ => names.english,
    };
    own.or(names.english)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use vestibule_core::place::Place;

    use super::*;

    /// Made by MaxMind for testing; see the README beside it.
    const FILE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/places/GeoLite2-City-Test.mmdb"
    );

    fn places() -> PlacesFile {
        PlacesFile::open(Path::new(FILE)).unwrap()
    }

    fn located(code: &str, country: &str, city: Option<&str>) -> Located {
        Located {
            country: Country {
                code: code.to_owned(),
                name: country.to_owned(),
            },
            city: city.map(str::to_owned),
        }
    }

    fn refused(bytes: &[u8]) -> PlacesError {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        PlacesFile::open(file.path()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn an_address_has_a_country_and_a_city_in_the_readers_language() {
        let places = places();
        let changchun: IpAddr = "175.16.199.5".parse().unwrap();
        assert_eq!(
            places.locate(changchun, "de"),
            Some(located("CN", "China", Some("Chángchūn")))
        );
        assert_eq!(
            places.locate(changchun, "en"),
            Some(located("CN", "China", Some("Changchun")))
        );
        let linkoeping: IpAddr = "89.160.20.112".parse().unwrap();
        assert_eq!(
            places.locate(linkoeping, "de"),
            Some(located("SE", "Schweden", Some("Linköping")))
        );
        let germany: IpAddr = "2a02:d180::1".parse().unwrap();
        assert_eq!(
            places.locate(germany, "de"),
            Some(located("DE", "Deutschland", None))
        );
        assert_eq!(
            places.locate(germany, "en"),
            Some(located("DE", "Germany", None))
        );
    }

    #[test]
    fn a_name_that_the_language_lacks_is_english() {
        let places = places();
        let boxford: IpAddr = "2.125.160.217".parse().unwrap();
        let here = located("GB", "Vereinigtes Königreich", Some("Boxford"));
        assert_eq!(places.locate(boxford, "de"), Some(here));
        assert_eq!(
            places.locate(boxford, "xx"),
            Some(located("GB", "United Kingdom", Some("Boxford")))
        );
    }

    #[test]
    fn an_address_that_the_file_lacks_stays_an_address() {
        let unknown: IpAddr = "192.0.2.7".parse().unwrap();
        assert_eq!(places().locate(unknown, "en"), None);
        assert_eq!(places().place(Some(unknown), "en"), Place::Address(unknown));
        let loopback = "::1".parse().ok();
        assert_eq!(places().place(loopback, "en"), Place::ThisMachine);
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_found() {
        let mapped = "::ffff:89.160.20.112".parse().ok();
        assert_eq!(
            places().place(mapped, "en"),
            Place::Located(located("SE", "Sweden", Some("Linköping")))
        );
    }

    #[test]
    fn what_is_wrong_with_the_file_is_said_at_the_start() {
        let missing = PlacesFile::open(Path::new("/nonexistent.mmdb"))
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(missing.contains("/nonexistent.mmdb"), "{missing}");
        assert!(missing.contains("places.file"), "{missing}");

        let whole = std::fs::read(FILE).unwrap();
        for broken in [&b""[..], b"GeoLite2", &whole[..whole.len() / 2]] {
            assert!(matches!(refused(broken), PlacesError::Damaged { .. }));
        }
        // Past the tree, where no start without a full check would look.
        let mut scratched = whole.clone();
        let middle = whole.len() / 2;
        scratched[middle..middle + 400].fill(0xff);
        assert!(matches!(refused(&scratched), PlacesError::Damaged { .. }));
    }

    #[test]
    fn a_list_of_something_else_is_refused_by_its_name() {
        // The same file, whose countries bear their code under another name.
        let mut other = std::fs::read(FILE).unwrap();
        let key = b"iso_code";
        while let Some(at) = other.windows(key.len()).position(|window| window == key) {
            other[at..at + key.len()].copy_from_slice(b"ISO_CODE");
        }
        let told = refused(&other).to_string();
        assert!(told.contains("'GeoLite2-City'"), "{told}");
        assert!(told.contains("names no countries"), "{told}");
    }
}
