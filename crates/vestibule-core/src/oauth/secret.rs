//! Secrets that clients bring back: a prefix that names the kind, and 256 random bits in base64url (C8, ASVS 11.5.1).

use crate::secret::plain_secret;

plain_secret!(
    /// An authorization code: `vst_code_` and 256 random bits.
    PlainAuthorizationCode,
    "vst_code_"
);
plain_secret!(
    /// A device code (RFC 8628 §3.2): `vst_device_` and 256 random bits.
    PlainDeviceCode,
    "vst_device_"
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_a_code_reads_back_serves_its_kind_alone_and_debug_does_not_show_it() {
        let code = PlainAuthorizationCode::new([7; 32]);
        let told = code.encode();
        let read = PlainAuthorizationCode::parse(&told).unwrap();
        assert_eq!(read.hashed(), code.hashed());
        assert_ne!(code.hashed().as_bytes(), &[7; 32]);
        let device = PlainDeviceCode::new([7; 32]).encode();
        for wrong in ["", "vst_code_", &told[1..], &format!("{told}A"), &device] {
            assert!(PlainAuthorizationCode::parse(wrong).is_none(), "{wrong}");
        }
        assert!(PlainDeviceCode::parse(&told).is_none());
        assert_eq!(format!("{code:?}"), "PlainAuthorizationCode");
    }
}
