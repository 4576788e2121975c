//! `/console/people/{id}/{act}`: what is done to somebody. GET says in numbers what will happen, POST does it, with a fresh
//! login (ASVS 7.5.3, 8.4.2). Nobody shuts out themselves here, so that somebody always administers.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::user::UserStatus;
use vestibule_engine::UserDetail;
use vestibule_store::{DeleteUser, SetStatus};

use super::add::{LinkFor, hand_over};
use super::person::{find, on, refuse};
use super::{PATH, path, person, reached};
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::console::{Acting, Administrator};
use crate::errors::{Code, Failure};
use crate::pages::logout;
use crate::views::{ConsoleAct, FreshFor, PersonNotice, PersonVerb};

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    End,
    Disable,
    Enable,
    Delete,
    Recover,
}

/// Says what will happen.
pub async fn get(
    by: Administrator,
    Path((id, deed)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let deed = Deed::read(&deed)?;
    let detail = find(&by, &id).await?;
    if let Some(why) = deed.forbidden(&by, &detail) {
        return refuse(&by, detail, why).await;
    }
    let act = announced(&by, &detail, deed).await?;
    fresh::confirm(&by.0, act)
}

/// Does it.
pub async fn post(
    by: Administrator,
    Path((id, deed)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let deed = Deed::read(&deed)?;
    let form = by.check(posted)?;
    let detail = find(&by, &id).await?;
    if let Some(why) = deed.forbidden(&by, &detail) {
        return refuse(&by, detail, why).await;
    }
    let act = announced(&by, &detail, deed).await?;
    let acting = match by.act(&form, act).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    // The administrator's own login ends with the others.
    if deed == Deed::End && is_own(&by, &detail) {
        let ended = by
            .context()
            .engine
            .revoke_user(&detail.user.email, &acting.operator);
        return Ok(match ended.await {
            Ok(_) => logout::signed_out(&by.0.caller),
            Err(error) => acting.answer(&by, Err(Failure::end_unstored(error))),
        });
    }
    let answer = carry_out(&by, &acting, detail, deed).await;
    Ok(acting.answer(&by, answer))
}

async fn carry_out(
    by: &Administrator,
    acting: &Acting,
    detail: UserDetail,
    deed: Deed,
) -> Result<Response, Failure> {
    let (engine, operator) = (&by.context().engine, &acting.operator);
    let (id, email) = (detail.user.id, detail.user.email.clone());
    match deed {
        Deed::End => match engine.revoke_user(&email, operator).await {
            Ok(Some(ended)) => Ok(on(id, &format!("ended&count={ended}"))),
            Ok(None) => Err(Failure::of(Code::NotFound)),
            Err(error) => Err(Failure::store(error)),
        },
        Deed::Disable => match engine.disable_user(&email, operator).await {
            Ok(SetStatus::Set { ended, .. }) => Ok(on(id, &format!("disabled&count={ended}"))),
            Ok(SetStatus::Already) => Ok(on(id, "nothing")),
            Ok(SetStatus::Unknown) => Err(Failure::of(Code::NotFound)),
            Err(error) => Err(Failure::store(error)),
        },
        Deed::Enable => match engine.enable_user(&email, operator).await {
            Ok(SetStatus::Set { .. }) => Ok(on(id, "enabled")),
            Ok(SetStatus::Already) => Ok(on(id, "nothing")),
            Ok(SetStatus::Unknown) => Err(Failure::of(Code::NotFound)),
            Err(error) => Err(Failure::store(error)),
        },
        Deed::Delete => match engine.delete_user(&email, operator).await {
            Ok(DeleteUser::Deleted { ended }) => {
                let list = format!("{PATH}?done=deleted&count={ended}");
                Ok(Redirect::to(&list).into_response())
            }
            Ok(DeleteUser::LastAdministrator) => {
                refuse(by, detail, PersonNotice::LastAdministrator).await
            }
            Ok(DeleteUser::Declared) => refuse(by, detail, PersonNotice::Declared).await,
            Ok(DeleteUser::Unknown) => Err(Failure::of(Code::NotFound)),
            Err(error) => Err(Failure::not_now(error)),
        },
        Deed::Recover => recover(by, acting, detail).await,
    }
}

/// A link by which they set a password themselves: nobody else ever does (ASVS 6.4.6).
async fn recover(
    by: &Administrator,
    acting: &Acting,
    detail: UserDetail,
) -> Result<Response, Failure> {
    let (id, email) = (detail.user.id, &detail.user.email);
    let offered = by.context().engine.offer_recovery(email, &acting.operator);
    let Some(offered) = offered.await.map_err(Failure::not_now)? else {
        return refuse(by, detail, PersonNotice::NotWhileDisabled).await;
    };
    let Some(token) = offered.token else {
        return Ok(on(id, "link"));
    };
    let link = LinkFor {
        invites: false,
        email: email.as_str(),
        token: &token,
        expires_at: offered.expires_at,
        on: path(id),
    };
    hand_over(by, link)
}

/// What is said before it is done.
async fn announced(by: &Administrator, detail: &UserDetail, deed: Deed) -> Result<Act, Failure> {
    let user = &detail.user;
    let reach = by.context().engine.reach_of_user(user.id).await;
    let reach = reached(reach.map_err(Failure::store)?);
    let here = path(user.id);
    Ok(Act {
        action: format!("{here}/{}", deed.as_str()).into(),
        fields: Vec::new(),
        cancel: here.into(),
        purpose: FreshFor::Console(ConsoleAct::Person {
            verb: match deed {
                Deed::End if is_own(by, detail) => PersonVerb::EndOwn { reach },
                Deed::End => PersonVerb::End { reach },
                Deed::Disable => PersonVerb::Disable { reach },
                Deed::Enable => PersonVerb::Enable,
                Deed::Delete => PersonVerb::Delete { reach },
                Deed::Recover => PersonVerb::Recover {
                    mails: by.context().engine.mails(),
                },
            },
            name: person(user).title().to_owned(),
        }),
    })
}

fn is_own(by: &Administrator, detail: &UserDetail) -> bool {
    detail.user.id == by.0.session.user_id()
}

impl Deed {
    const ALL: [Self; 5] = [
        Self::End,
        Self::Disable,
        Self::Enable,
        Self::Delete,
        Self::Recover,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Delete => "delete",
            Self::Recover => "recover",
        }
    }

    fn read(segment: &str) -> Result<Self, Failure> {
        let deed = Self::ALL.into_iter().find(|deed| deed.as_str() == segment);
        deed.ok_or(Failure::of(Code::NotFound))
    }

    /// Why it cannot be, as far as that is known before anything is asked.
    fn forbidden(self, by: &Administrator, detail: &UserDetail) -> Option<PersonNotice> {
        match self {
            Self::Disable | Self::Delete if is_own(by, detail) => Some(PersonNotice::Oneself),
            Self::Recover if detail.user.status == UserStatus::Disabled => {
                Some(PersonNotice::NotWhileDisabled)
            }
            Self::End | Self::Disable | Self::Enable | Self::Delete | Self::Recover => None,
        }
    }
}
