//! The compact form (RFC 7515 §7.1): judged by bytes and size before anything is decoded.

use crate::base64url;
use crate::error::Fault;

/// Longest token that is looked at, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// The three parts of a signed token, encoded.
#[derive(Clone, Copy)]
pub struct Compact<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header, dot, payload: what is signed.
    pub signed: &'a str,
}

impl<'a> Compact<'a> {
    /// Splits a signed token.
    pub fn split(token: &'a str) -> Result<Self, Fault> {
        if token.len() > LONGEST {
            return Err(Fault::TooLong);
        }
        // RFC 8725bis: any other byte (blanks, quotes, padding, JSON) is refused before parsing.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !token.bytes().all(plain) {
            return Err(Fault::Form);
        }
        match token.bytes().filter(|byte| *byte == b'.').count() {
            2 => {}
            4 => return Err(Fault::Encrypted),
            _ => return Err(Fault::Form),
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Fault::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(Fault::Form)?;
        Ok(Self {
            header,
            payload,
            signature,
            signed,
        })
    }

    pub fn header(self) -> Result<Vec<u8>, Fault> {
        base64url::decode(self.header).ok_or(Fault::Base64)
    }

    pub fn payload(self) -> Result<Vec<u8>, Fault> {
        base64url::decode(self.payload).ok_or(Fault::Base64)
    }

    pub fn signature(self) -> Result<Vec<u8>, Fault> {
        base64url::decode(self.signature).ok_or(Fault::Base64)
    }
}
