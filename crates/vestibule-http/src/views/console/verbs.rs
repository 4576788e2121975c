//! What is about to be done to a person, an application or a role, in words and numbers.

use std::borrow::Cow;

use super::Reached;
use crate::texts::{Arg, Msg, msg};
use crate::views::Frame;

/// What is done to a person.
#[derive(Clone, Debug)]
pub enum PersonVerb {
    /// Every login of theirs ends.
    End {
        /// What that ends; `None` while the store cannot tell.
        reach: Option<Reached>,
    },
    /// Every login of the administrator's own ends, this one too.
    EndOwn {
        /// What that ends; `None` while the store cannot tell.
        reach: Option<Reached>,
    },
    /// They cannot sign in any more, and every login ends.
    Disable {
        /// What that ends; `None` while the store cannot tell.
        reach: Option<Reached>,
    },
    /// They may sign in again.
    Enable,
    /// The account is gone.
    Delete {
        /// What that ends.
        reach: Reached,
    },
    /// They get a link to set a password.
    Recover {
        /// By mail; otherwise the link is shown.
        mails: bool,
    },
    /// They have these roles and no others.
    SetRoles {
        /// Which.
        roles: Vec<String>,
    },
    /// The administrator gives up the role that administers.
    LeaveConsole,
    /// They are invited to make an account.
    Invite,
    /// An account is made for them.
    Make,
}

/// What is done to an application.
#[derive(Clone, Debug)]
pub enum ApplicationVerb {
    /// It is made known.
    Add,
    /// It is not known any more.
    Remove {
        /// At how many origins it was reached.
        origins: usize,
        /// How many sign-ins there end.
        sign_ins: u64,
    },
    /// It gets a new secret.
    Rotate {
        /// The one before stays good until the next rotation.
        keeps: bool,
    },
}

/// What is done to a role.
#[derive(Clone, Debug)]
pub enum RoleVerb {
    /// It is described, anew or otherwise.
    Describe,
    /// It is described no more.
    Remove {
        /// So many permissions are gone with it.
        permissions: usize,
        /// So many applications ask for it all the same.
        applications: usize,
    },
}

impl PersonVerb {
    pub(super) fn purpose_text<'a>(&self, frame: &Frame<'a>, name: &str) -> Cow<'a, str> {
        let say = |id: Msg| frame.tongue.text_with(id, &[("person", name.into())]);
        match self {
            Self::End { reach } => and(say(msg("person-will-end")), reach.as_ref(), frame),
            Self::EndOwn { reach } => and(frame.t("person-will-end-own"), reach.as_ref(), frame),
            Self::Disable { reach } => and(say(msg("person-will-disable")), reach.as_ref(), frame),
            Self::Enable => say(msg("person-will-enable")),
            Self::Delete { reach } => and(say(msg("person-will-delete")), Some(reach), frame),
            Self::Recover { mails: true } => say(msg("person-will-recover-mail")),
            Self::Recover { mails: false } => say(msg("person-will-recover-hand")),
            Self::SetRoles { roles } if roles.is_empty() => say(msg("person-will-no-roles")),
            Self::SetRoles { roles } => frame.tongue.text_with(
                "person-will-roles",
                &[("person", name.into()), ("roles", roles.join(", ").into())],
            ),
            Self::LeaveConsole => frame.t("person-will-leave"),
            Self::Invite => say(msg("person-will-invite")),
            Self::Make => say(msg("person-will-make")),
        }
    }

    pub(super) fn submit_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match self {
            Self::End { .. } | Self::EndOwn { .. } => msg("person-end"),
            Self::Disable { .. } => msg("person-disable"),
            Self::Enable => msg("person-enable"),
            Self::Delete { .. } => msg("person-delete"),
            Self::Recover { .. } => msg("person-recover"),
            Self::SetRoles { .. } => msg("person-roles-submit"),
            Self::LeaveConsole => msg("person-leave"),
            Self::Invite | Self::Make => msg("person-add-submit"),
        })
    }

    /// Whether it cannot be taken back.
    pub(super) const fn destroys(&self) -> bool {
        match self {
            Self::End { .. }
            | Self::EndOwn { .. }
            | Self::Disable { .. }
            | Self::Delete { .. }
            | Self::LeaveConsole => true,
            Self::Enable
            | Self::Recover { .. }
            | Self::SetRoles { .. }
            | Self::Invite
            | Self::Make => false,
        }
    }
}

impl ApplicationVerb {
    pub(super) fn purpose_text<'a>(&self, frame: &Frame<'a>, name: &str) -> Cow<'a, str> {
        let named = ("application", Arg::from(name));
        match self {
            Self::Add => frame.tongue.text_with("application-will-add", &[named]),
            Self::Remove { origins, sign_ins } => {
                let count = ("count", (*origins).into());
                let what = frame
                    .tongue
                    .text_with("application-will-remove", &[named, count]);
                let count = i64::try_from(*sign_ins).unwrap_or(i64::MAX);
                let ends = frame
                    .tongue
                    .text_with("application-signed-in", &[("count", count.into())]);
                format!("{what} {ends}").into()
            }
            Self::Rotate { keeps: true } => {
                frame.tongue.text_with("application-will-rotate", &[named])
            }
            Self::Rotate { keeps: false } => frame
                .tongue
                .text_with("application-will-rotate-now", &[named]),
        }
    }

    pub(super) fn submit_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match self {
            Self::Add => msg("application-add-submit"),
            Self::Remove { .. } => msg("application-remove"),
            Self::Rotate { .. } => msg("application-rotate"),
        })
    }

    /// Whether it cannot be taken back.
    pub(super) const fn destroys(&self) -> bool {
        match self {
            Self::Add | Self::Rotate { keeps: true } => false,
            Self::Remove { .. } | Self::Rotate { keeps: false } => true,
        }
    }
}

impl RoleVerb {
    pub(super) fn purpose_text<'a>(&self, frame: &Frame<'a>, name: &str) -> Cow<'a, str> {
        let named = ("role", Arg::from(name));
        match self {
            Self::Describe => frame.tongue.text_with("role-will-describe", &[named]),
            Self::Remove {
                permissions,
                applications,
            } => {
                let words = [named, ("permissions", (*permissions).into())];
                let what = frame.tongue.text_with("role-will-remove", &words);
                if *applications == 0 {
                    return what;
                }
                let count = [("count", (*applications).into())];
                let asked = frame.tongue.text_with("role-will-remove-asked", &count);
                format!("{what} {asked}").into()
            }
        }
    }

    pub(super) fn submit_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match self {
            Self::Describe => msg("role-change-submit"),
            Self::Remove { .. } => msg("role-remove"),
        })
    }

    /// Whether it cannot be taken back.
    pub(super) const fn destroys(&self) -> bool {
        matches!(self, Self::Remove { .. })
    }
}

/// What happens, and then in numbers what that ends.
fn and<'a>(what: Cow<'a, str>, reach: Option<&Reached>, frame: &Frame<'a>) -> Cow<'a, str> {
    let Some(reach) = reach else {
        return format!("{what} {}", frame.t("person-ends-unknown")).into();
    };
    if reach.devices == 0 {
        return what;
    }
    let ends = Arg::Phrase(reach.text(frame.tongue));
    let ends = frame.tongue.text_with("person-ends", &[("what", ends)]);
    format!("{what} {ends}").into()
}
