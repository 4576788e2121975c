use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::*;

/// A directory with a pair in it, and settings that name it.
pub struct Room {
    _directory: TempDir,
    pub settings: settings::Tls,
}

impl Room {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings::Tls {
            cert_file: Some(directory.path().join("cert.pem")),
            key_file: Some(directory.path().join("key.pem")),
            ..settings::Tls::default()
        };
        Self {
            _directory: directory,
            settings,
        }
    }

    pub fn write(&self, pair: &Made) {
        fs::write(self.cert(), &pair.cert).unwrap();
        self.write_key(&pair.key, 0o600);
    }

    pub fn write_key(&self, key: &str, mode: u32) {
        fs::write(self.key(), key).unwrap();
        fs::set_permissions(self.key(), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn cert(&self) -> &Path {
        self.settings.cert_file.as_deref().unwrap()
    }

    pub fn key(&self) -> &Path {
        self.settings.key_file.as_deref().unwrap()
    }

    pub fn start(&self) -> Result<Tls, String> {
        let issuer = Issuer::parse("https://id.example.test").unwrap();
        let started = Tls::start(&self.settings, &issuer, NOW);
        started
            .map(Option::unwrap)
            .map_err(|error| error.to_string())
    }
}

/// In PEM.
pub struct Made {
    pub cert: String,
    pub key: String,
}

/// 20 November 2026.
pub const NOW: UnixMillis = UnixMillis(1_795_132_800_000);

pub fn made(names: &[&str], years: (i32, i32)) -> Made {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    parameters.not_before = date_time_ymd(years.0, 1, 1);
    parameters.not_after = date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().unwrap();
    Made {
        cert: parameters.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

fn good() -> Made {
    made(&["id.example.test"], (2026, 2028))
}

#[test]
fn a_good_pair_is_shown() {
    let room = Room::new();
    room.write(&good());
    room.start().unwrap();
    // Debian's group for who may read keys.
    room.write_key(&fs::read_to_string(room.key()).unwrap(), 0o640);
    room.start().unwrap();
    room.write(&made(&["*.example.test"], (2026, 2028)));
    room.start().unwrap();
}

/// Holds: ASVS 13.3.1
#[test]
fn asvs_13_3_1_a_key_that_others_can_read_is_refused() {
    let room = Room::new();
    let pair = good();
    room.write(&pair);
    for mode in [0o644, 0o604, 0o620] {
        room.write_key(&pair.key, mode);
        let told = room.start().map(drop).unwrap_err();
        assert!(told.contains("chmod 600"), "{told}");
        assert!(told.contains(&format!("{mode:04o}")), "{told}");
    }
}

#[test]
fn what_cannot_be_shown_is_told_with_what_to_do() {
    let room = Room::new();
    let refused = |parts: &[&str]| {
        let told = room.start().map(drop).unwrap_err();
        for part in parts {
            assert!(told.contains(part), "{told}");
        }
    };
    refused(&["tls.cert_file", "does not exist"]);
    let pair = good();
    fs::write(room.cert(), &pair.cert).unwrap();
    refused(&["tls.key_file", "does not exist"]);

    room.write(&Made {
        key: good().key,
        ..good()
    });
    refused(&["is not that of the certificate", "tls.key_file"]);
    room.write(&made(&["id.example.test"], (2024, 2026)));
    refused(&["ended on Jan", "2026", "renew"]);
    room.write(&made(&["id.example.test"], (2027, 2028)));
    refused(&["from Jan", "2027", "clock"]);
    room.write(&made(&["www.example.test", "example.test"], (2026, 2028)));
    refused(&[
        "id.example.test",
        "but for www.example.test, example.test:",
        "server.issuer",
    ]);
    room.write(&made(&[], (2026, 2028)));
    refused(&["no name at all", "subjectAltName"]);

    let swapped = Made {
        cert: pair.key.clone(),
        key: pair.cert.clone(),
    };
    room.write(&swapped);
    refused(&["holds no certificate", "PEM"]);
    room.write(&Made {
        key: pair.cert.clone(),
        cert: pair.cert.clone(),
    });
    refused(&["holds no private key"]);
    let other = {
        let mut parameters = CertificateParams::new(vec!["ca.example.test".to_owned()]).unwrap();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, "another");
        let key = KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().pem()
    };
    room.write(&Made {
        cert: format!("{}{other}", pair.cert),
        key: pair.key.clone(),
    });
    refused(&["certificate 2", "did not issue", "fullchain.pem"]);
    room.write(&Made {
        cert: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
        key: pair.key,
    });
    refused(&["certificate 1", "cannot be read"]);
}

#[test]
fn a_new_pair_is_taken_in_and_a_bad_one_is_not() {
    let room = Room::new();
    room.write(&good());
    let tls = room.start().unwrap();
    let shown = || tls.shown.0.load().digest;
    let first = shown();
    assert_eq!(tls.look(NOW).unwrap(), Looked::Same);

    // The certificate comes first, its key a moment later.
    let renewed = good();
    fs::write(room.cert(), &renewed.cert).unwrap();
    assert!(matches!(tls.look(NOW), Err(TlsError::Mismatch { .. })));
    assert_eq!(shown(), first);
    room.write(&renewed);
    assert_eq!(tls.look(NOW).unwrap(), Looked::New);
    assert_ne!(shown(), first);

    let second = shown();
    room.write(&made(&["elsewhere.example.test"], (2026, 2028)));
    assert!(matches!(tls.look(NOW), Err(TlsError::Name { .. })));
    fs::remove_file(room.key()).unwrap();
    assert!(matches!(tls.look(NOW), Err(TlsError::Missing { .. })));
    assert_eq!(shown(), second);
}
