//! An authority made for one test, and the server's certificate by it.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Writes `authority.pem`, and `server.pem` and `server.key` for the name, or else for `localhost`, 127.0.0.1 and ::1.
pub fn write(room: &Path, name: Option<&str>) -> anyhow::Result<()> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority
        .distinguished_name
        .push(DnType::CommonName, "An authority of one test");
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    std::fs::write(room.join("authority.pem"), authority_certificate.pem())?;

    let names = name.map_or(vec!["localhost", "127.0.0.1", "::1"], |name| vec![name]);
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let key = KeyPair::generate()?;
    let certificate =
        CertificateParams::new(names)?.signed_by(&key, &Issuer::new(authority, authority_key))?;
    std::fs::write(room.join("server.pem"), certificate.pem())?;
    std::fs::write(room.join("server.key"), key.serialize_pem())?;
    Ok(())
}
