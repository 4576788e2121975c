//! What the proxy's route asks for beyond a login: the query of `/verify`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use vestibule_core::application::ApplicationName;
use vestibule_core::session::Acr;
use vestibule_core::user::Role;

/// What must hold of the session for the route.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The forwarded host is this application's.
    pub app: Option<&'a str>,
    /// The user has this role.
    pub role: Option<Cow<'a, str>>,
    /// The credential carries this scope.
    pub scope: Option<Cow<'a, str>>,
    /// The login was at least this sure.
    pub acr: Option<Acr>,
    /// The 200 is to carry the request's cookies less our own, for a proxy that cannot take them out itself.
    pub cookies: bool,
}

/// Why the query cannot be used. All of it is for the operator of the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// A misspelt requirement would otherwise be none.
    #[error("unknown parameter: /verify takes app, role, scope, acr and cookies")]
    Unknown,
    /// Which one counts?
    #[error(
        "a parameter came more than once: /verify takes each of app, role, scope, acr and cookies once"
    )]
    Repeated,
    /// No such role can exist.
    #[error("role is no role's name: 1 to 64 characters out of a-z, 0-9, _ and -")]
    Role,
    /// No such scope can exist.
    #[error("scope is no scope's name (RFC 6749 §3.3)")]
    Scope,
    /// No such level exists.
    #[error("acr is none of aal1, aal2 and aal3")]
    Acr,
    /// There is one choice.
    #[error("cookies is not application")]
    Cookies,
    /// No such application can exist.
    #[error("app is no application's name: 1 to 64 characters out of a-z, 0-9, _ and -")]
    App,
}

impl<'a> Requirement<'a> {
    /// Whether only somebody who is signed in can meet it.
    pub const fn asks_for_login(&self) -> bool {
        self.role.is_some() || self.scope.is_some() || self.acr.is_some()
    }

    /// Reads the query, unknown and repeated parameters refused (ASVS 1.5.3).
    pub fn read(query: Option<&'a str>) -> Result<Self, RequirementError> {
        let mut read = Self::default();
        let Some(query) = query.filter(|query| !query.is_empty()) else {
            return Ok(read);
        };
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "role" => set(
                    &mut read.role,
                    decoded(value).filter(|v| is_role(v)),
                    RequirementError::Role,
                )?,
                "scope" => set(
                    &mut read.scope,
                    decoded(value).filter(|v| is_scope(v)),
                    RequirementError::Scope,
                )?,
                "acr" => set(&mut read.acr, Acr::parse(value), RequirementError::Acr)?,
                "cookies" if read.cookies => return Err(RequirementError::Repeated),
                "cookies" if value == "application" => read.cookies = true,
                "cookies" => return Err(RequirementError::Cookies),
                "app" => set(
                    &mut read.app,
                    Some(value).filter(|v| v.parse::<ApplicationName>().is_ok()),
                    RequirementError::App,
                )?,
                _ => return Err(RequirementError::Unknown),
            }
        }
        Ok(read)
    }
}

fn set<T>(
    slot: &mut Option<T>,
    value: Option<T>,
    otherwise: RequirementError,
) -> Result<(), RequirementError> {
    if slot.is_some() {
        return Err(RequirementError::Repeated);
    }
    *slot = Some(value.ok_or(otherwise)?);
    Ok(())
}

/// Borrowed as long as nothing in it is escaped.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(value).decode_utf8().ok()
}

fn is_role(name: &str) -> bool {
    name.parse::<Role>().is_ok()
}

/// RFC 6749 §3.3: visible ASCII but `"` and `\`.
fn is_scope(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|c| c.is_ascii_graphic() && c != b'"' && c != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_s_requirements_are_read() {
        let read = |query| Requirement::read(query).unwrap();
        assert_eq!(read(None), Requirement::default());
        assert_eq!(read(Some("")), Requirement::default());
        assert!(read(Some("cookies=application")).cookies);
        assert_eq!(read(Some("app=shop")).app, Some("shop"));
        let all = read(Some("role=editors&acr=aal2&scope=orders:read"));
        assert_eq!(all.role.as_deref(), Some("editors"));
        assert_eq!(all.acr, Some(Acr::Aal2));
        assert_eq!(all.scope.as_deref(), Some("orders:read"));
        assert_eq!(
            read(Some("scope=orders%3Aread")).scope.as_deref(),
            Some("orders:read")
        );
    }

    /// Holds: ASVS 1.5.3
    #[test]
    fn asvs_1_5_3_what_is_not_understood_asks_for_everything_and_not_for_nothing() {
        use RequirementError::{Acr, App, Cookies, Repeated, Role, Scope, Unknown};
        for (query, why) in [
            ("roles=admin", Unknown),
            ("Role=admin", Unknown),
            ("role%20=admin", Unknown),
            ("&", Unknown),
            ("role=admin&", Unknown),
            ("role=admin&role=admin", Repeated),
            ("acr=aal1&acr=aal2", Repeated),
            ("role", Role),
            ("role=", Role),
            ("role=Admin", Role),
            ("role=a,b", Role),
            ("role=%FF", Role),
            ("acr=aal4", Acr),
            ("acr=", Acr),
            ("scope=", Scope),
            ("scope=a%20b", Scope),
            ("cookies", Cookies),
            ("cookies=all", Cookies),
            ("cookies=application&cookies=application", Repeated),
            ("app=Shop", App),
            ("app=shop&app=shop", Repeated),
            ("role=admin&app=", App),
        ] {
            assert_eq!(Requirement::read(Some(query)), Err(why), "{query}");
        }
    }
}
