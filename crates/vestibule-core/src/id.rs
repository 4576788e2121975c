//! Ids are types. Each is a UUIDv7 (RFC 9562 §5.7): time-ordered, so that a store appends, and never a secret
//! (ASVS 11.5.1: a UUID is no unguessable value).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::UnixMillis;

/// What was given is not an id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected 36 characters like 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct ParseIdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes an id from the request's clock and 10 random bytes.
            pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.0).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into_bytes())
            }

            /// Reads the 16 bytes a store or a cookie holds.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes, for a store to bind.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Its text, as [`Display`](fmt::Display) writes it, without the formatting: the check on every request tells ids.
            pub fn text(self, buffer: &mut [u8; 36]) -> &str {
                Uuid::from_bytes(self.0).hyphenated().encode_lower(buffer)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = ParseIdError;

            fn try_from(bytes: &[u8]) -> Result<Self, ParseIdError> {
                bytes.try_into().map(Self).map_err(|_| ParseIdError)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Only the hyphenated form in lower case, so that one id has one spelling.
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                if text.len() != 36 || text.bytes().any(|c| c.is_ascii_uppercase()) {
                    return Err(ParseIdError);
                }
                Uuid::try_parse(text).map(|uuid| Self(uuid.into_bytes())).map_err(|_| ParseIdError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

id!(
    /// A person. Stable, never reassigned; `Remote-User` carries it.
    UserId
);
id!(
    /// A login of one user on one device. `sid` in every token names it; it is in the cookie beside the secret.
    SessionId
);
id!(
    /// One act (a request or a command) that changed something; its audit events share it.
    ActId
);

id!(
    /// A device known from an earlier login. Never a credential.
    DeviceId
);
id!(
    /// An application. Never given again.
    ApplicationId
);
id!(
    /// A cookie on an application's own host, under a session.
    AppSessionId
);
id!(
    /// Something to be done after the answer: a mail, mostly.
    ErrandId
);
id!(
    /// What one application may do for one user, in a session or standing. `gid` in every token names it.
    GrantId
);
id!(
    /// The refresh tokens that descend from one another. Each carries it.
    FamilyId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text_and_from_nothing_else() {
        let id = SessionId::new(UnixMillis(1_700_000_000_000), [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.text(&mut [0; 36]), id.to_string());
        for wrong in [
            "",
            "x",
            "{01890a5d-ac96-774b-bcce-b302099a8057}",
            "01890a5dac96774bbcceb302099a8057",
            "01890A5D-AC96-774B-BCCE-B302099A8057",
        ] {
            assert_eq!(wrong.parse::<SessionId>(), Err(ParseIdError), "{wrong}");
        }
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        assert!(UserId::new(UnixMillis(1), [255; 10]) < UserId::new(UnixMillis(2), [0; 10]));
    }
}
