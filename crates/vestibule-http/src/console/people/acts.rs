//! `/console/people/{id}/{act}`: what is done to somebody. GET says in numbers what will happen, POST does it, with a fresh
//! login (ASVS 7.5.3, 8.4.2). Nobody shuts out themselves here, so that somebody always administers.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::id::UserId;
use vestibule_core::user::UserStatus;
use vestibule_engine::UserDetail;
use vestibule_store::{DeleteUser, SetStatus};

use super::add::{LinkFor, hand_over};
use super::person::{on, refuse};
use super::{PATH, path, person, reached, user_id};
use crate::browser::form::Posted;
use crate::browser::fresh::Act;
use crate::console::sessions::end_user::in_memory;
use crate::console::{Acting, Administrator};
use crate::errors::{Code, Failure};
use crate::pages::logout;
use crate::views::{ConsoleAct, FreshFor, PersonNotice, PersonVerb, Reached};

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
    let user = user_id(&id)?;
    let Some(detail) = found(&by, user, deed).await? else {
        return by.confirm(unasked(&by, user, deed));
    };
    if let Some(why) = deed.forbidden(&by, &detail) {
        return refuse(&by, detail, why).await;
    }
    by.confirm(announced(&by, &detail, deed).await?)
}

/// Does it.
pub async fn post(
    by: Administrator,
    Path((id, deed)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let deed = Deed::read(&deed)?;
    let form = by.check(posted)?;
    let user = user_id(&id)?;
    let detail = found(&by, user, deed).await?;
    if let Some(detail) = detail.as_ref()
        && let Some(why) = deed.forbidden(&by, detail)
    {
        return refuse(&by, detail.clone(), why).await;
    }
    let act = match &detail {
        Some(detail) => announced(&by, detail, deed).await?,
        None => unasked(&by, user, deed),
    };
    let acting = match by.act(&form, act).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    // The administrator's own login ends with the others.
    if deed == Deed::End && is_own(&by, user) {
        let ended = by.context().engine.revoke_user(user, &acting.operator);
        return Ok(match ended.await {
            Ok(_) => logout::signed_out(&by.0.caller),
            Err(error) => acting.answer(&by, Err(Failure::end_unstored(error))),
        });
    }
    let answer = match detail {
        Some(detail) if !deed.must_not_wait() => carry_out(&by, &acting, detail, deed).await,
        detail => shut(&by, &acting, (user, detail), deed).await,
    };
    Ok(acting.answer(&by, answer))
}

/// Who is meant; `None` while the store cannot tell, where that must not stop the deed (ASVS 7.4.2, 7.4.5).
async fn found(
    by: &Administrator,
    user: UserId,
    deed: Deed,
) -> Result<Option<UserDetail>, Failure> {
    match by.context().engine.user_detail(user).await {
        Ok(detail) => detail.map(Some).ok_or(Failure::of(Code::NotFound)),
        Err(_) if deed == Deed::End || deed == Deed::Disable && !is_own(by, user) => Ok(None),
        Err(error) => Err(Failure::store(error)),
    }
}

/// Ends their sessions, and perhaps shuts them out: by the id alone, and where the store is away in memory.
async fn shut(
    by: &Administrator,
    acting: &Acting,
    (user, detail): (UserId, Option<UserDetail>),
    deed: Deed,
) -> Result<Response, Failure> {
    let (engine, operator) = (&by.context().engine, &acting.operator);
    if deed == Deed::Disable {
        let set = engine.disable_user(user, operator).await;
        // Their sessions' ends are owed; that they are shut out holds until a restart.
        let set = set.map_err(|error| Failure::shut_unstored(error, path(user)));
        return match set? {
            SetStatus::Set { ended, .. } => Ok(on(user, &format!("disabled&count={ended}"))),
            SetStatus::Already => Ok(on(user, "nothing")),
            // Who acts administers: only while two shut each other out.
            SetStatus::LastAdministrator => match detail {
                Some(detail) => refuse(by, detail, PersonNotice::LastAdministrator).await,
                None => Ok(on(user, "nothing")),
            },
            SetStatus::Unknown => Err(Failure::of(Code::NotFound)),
        };
    }
    let ended = engine.revoke_user(user, operator).await;
    let ended = ended.map_err(|error| Failure::ends_unstored(error, path(user)))?;
    let ended = ended.ok_or(Failure::of(Code::NotFound))?;
    Ok(on(user, &format!("ended&count={ended}")))
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
        Deed::End | Deed::Disable => shut(by, acting, (id, Some(detail)), deed).await,
        Deed::Enable => match engine.enable_user(&email, operator).await {
            Ok(SetStatus::Set { .. }) => Ok(on(id, "enabled")),
            Ok(SetStatus::Already | SetStatus::LastAdministrator) => Ok(on(id, "nothing")),
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
    let name = person(user).title().to_owned();
    if deed.must_not_wait() {
        let reach = by.context().engine.reach_of_user(user.id).await;
        let verb = shutting(by, user.id, deed, reach.ok().map(reached));
        return Ok(act(user.id, deed, verb, name));
    }
    let reach = by.context().engine.reach_of_user(user.id).await;
    let reach = reached(reach.map_err(Failure::store)?);
    let verb = match deed {
        Deed::Enable => PersonVerb::Enable,
        Deed::Delete => PersonVerb::Delete { reach },
        Deed::Recover => PersonVerb::Recover {
            mails: by.context().engine.mails(),
        },
        Deed::End | Deed::Disable => shutting(by, user.id, deed, Some(reach)),
    };
    Ok(act(user.id, deed, verb, name))
}

/// The same while the store cannot be asked.
fn unasked(by: &Administrator, user: UserId, deed: Deed) -> Act {
    act(
        user,
        deed,
        shutting(by, user, deed, None),
        in_memory(by, user),
    )
}

fn shutting(by: &Administrator, user: UserId, deed: Deed, reach: Option<Reached>) -> PersonVerb {
    match deed {
        Deed::Disable => PersonVerb::Disable { reach },
        _ if is_own(by, user) => PersonVerb::EndOwn { reach },
        _ => PersonVerb::End { reach },
    }
}

fn act(user: UserId, deed: Deed, verb: PersonVerb, name: String) -> Act {
    let here = path(user);
    Act {
        action: format!("{here}/{}", deed.as_str()).into(),
        fields: Vec::new(),
        cancel: here.into(),
        purpose: FreshFor::Console(ConsoleAct::Person { verb, name }),
    }
}

fn is_own(by: &Administrator, user: UserId) -> bool {
    user == by.0.session.user_id()
}

impl Deed {
    const ALL: [Self; 5] = [
        Self::End,
        Self::Disable,
        Self::Enable,
        Self::Delete,
        Self::Recover,
    ];

    /// Whether it is enforced in memory while the store is away.
    const fn must_not_wait(self) -> bool {
        matches!(self, Self::End | Self::Disable)
    }

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
            Self::Disable | Self::Delete if is_own(by, detail.user.id) => {
                Some(PersonNotice::Oneself)
            }
            Self::Recover if detail.user.status == UserStatus::Disabled => {
                Some(PersonNotice::NotWhileDisabled)
            }
            Self::End | Self::Disable | Self::Enable | Self::Delete | Self::Recover => None,
        }
    }
}
