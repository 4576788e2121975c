//! An authority made for one test, and the server's certificate by it.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Writes `authority.pem`, and `server.pem` and `server.key` for `localhost`, 127.0.0.1 and ::1.
pub fn write(room: &Path) -> anyhow::Result<()> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority
        .distinguished_name
        .push(DnType::CommonName, "An authority of one test");
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    std::fs::write(room.join("authority.pem"), authority_certificate.pem())?;

    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let key = KeyPair::generate()?;
    let certificate =
        CertificateParams::new(names)?.signed_by(&key, &Issuer::new(authority, authority_key))?;
    std::fs::write(room.join("server.pem"), certificate.pem())?;
    std::fs::write(room.join("server.key"), key.serialize_pem())?;
    Ok(())
}
