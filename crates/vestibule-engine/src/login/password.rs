//! Logging in with a password.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use vestibule_core::audit::{Actor, Event, EventKind, RefusalReason};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::known_device::DeviceCookie;
use vestibule_core::secret::SessionCookie;
use vestibule_core::session::{Acr, Amr, NewSession};
use vestibule_core::throttle::Scope;
use vestibule_core::user::CredentialVersion;
use vestibule_store::{OpenSession, Whose};

use super::credential::{NotNow, Verdict, not_now};
use super::tries::{Begun, TurnedAway};
use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::metrics::LoginOutcome;
use crate::sessions::end::see_through;
use crate::sessions::live::LiveSession;
use crate::visit::Visit;

/// Most bytes of what was typed that tell it from something else: an address has no more.
const LONGEST: usize = 254;

/// What a person typed.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The address, as typed.
    pub identifier: &'a str,
    /// The password, as typed.
    pub password: &'a str,
    /// 'Remember me'.
    pub remember: bool,
    /// The live session of the browser, if there is one: this login ends it.
    pub over: Option<&'a LiveSession>,
}

/// A login that holds.
#[derive(Debug)]
pub struct SignedIn {
    /// To be set.
    pub cookie: SessionCookie,
    /// The new session.
    pub session: LiveSession,
    /// To be set, always: the device as it is known from now on.
    pub device: DeviceCookie,
}

/// Why a login does not hold.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Not this password for this address. Unknown, without a password, wrong and disabled are one to the outside
    /// (ASVS 6.3.8); the trail knows which.
    #[error("the address and the password do not fit together")]
    Refused,
    /// Too many tries. This one was not looked at, and does not count.
    #[error("too many passwords were tried")]
    Throttled {
        /// When it is worth trying again; a second at least.
        retry_after: Duration,
        /// Of what there were too many, for the log and the metrics: no answer tells.
        scope: Scope,
    },
    /// Not just now. Every refusal is recorded before it is answered, so that a full disk answers right and wrong
    /// passwords alike.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(SignInError);

impl From<TurnedAway> for SignInError {
    fn from(TurnedAway { retry_after, scope }: TurnedAway) -> Self {
        Self::Throttled { retry_after, scope }
    }
}

/// A session to ask of the store, and the cookie it will make good.
pub(crate) struct PreparedSession {
    pub(crate) cookie: SessionCookie,
    pub(crate) new: NewSession,
}

/// A [`SignIn`] that outlives its caller.
struct Attempt {
    typed: Typed,
    password: Zeroizing<String>,
    remember: bool,
    over: Option<LiveSession>,
}

/// Who was named.
struct Typed {
    /// What is no address belongs to nobody, and goes the way of an unknown one.
    email: Option<EmailAddress>,
    /// Names the tally.
    identifier: String,
}

impl Typed {
    fn parse(text: &str) -> Self {
        let email = EmailAddress::parse(text).ok();
        let identifier = match &email {
            Some(email) => email.as_str().to_owned(),
            // ASVS 15.2.2: only as much is looked at as could name somebody.
            None => text[..text.floor_char_boundary(LONGEST)]
                .trim()
                .to_lowercase(),
        };
        Self { email, identifier }
    }

    fn whose(&self, visit: &Visit) -> Whose {
        Whose::Address {
            email: self.email.clone(),
            identifier: self.identifier.clone(),
            device: visit.device.as_ref().map(DeviceCookie::proof),
        }
    }

    /// Only what reads as an address is kept: people type passwords into the wrong field (ASVS 16.2.5).
    fn kept(&self) -> Option<&str> {
        self.email.as_ref().map(EmailAddress::as_str)
    }
}

impl Engine {
    /// Verifies a password and opens a session on it (ASVS 7.2.4: a new one at each login, whatever cookie came).
    ///
    /// On a task of its own, so that nobody leaves a try unsettled by hanging up: each is counted, told and watched (N40,
    /// C23, ASVS 16.3.1). A right password opens its session even so. Its secret reaches nobody, and its owner is told; not
    /// to open it would let whoever hangs up learn from the tallies, untold, that the password was right.
    pub async fn sign_in(
        self: &Arc<Self>,
        attempt: SignIn<'_>,
        visit: &Visit,
    ) -> Result<SignedIn, SignInError> {
        let place = match self.place_for_a_try() {
            Ok(place) => place,
            Err(busy) => {
                self.metrics().login(LoginOutcome::Busy);
                return Err(NotNow::from(busy).into());
            }
        };
        let attempt = Attempt {
            typed: Typed::parse(attempt.identifier),
            password: Zeroizing::new(attempt.password.to_owned()),
            remember: attempt.remember,
            over: attempt.over.cloned(),
        };
        let (engine, visit) = (Arc::clone(self), visit.clone());
        see_through(async move {
            let done = engine.judge_sign_in(&attempt, &visit).await;
            engine.metrics().login(LoginOutcome::of_sign_in(&done));
            drop(place);
            done
        })
        .await
    }

    async fn judge_sign_in(
        &self,
        attempt: &Attempt,
        visit: &Visit,
    ) -> Result<SignedIn, SignInError> {
        let Attempt {
            typed, password, ..
        } = attempt;
        let sighting = self.sighting(&typed.identifier, password, visit);
        let begun = match self.begin_try(typed.whose(visit), visit).await? {
            Ok(begun) => begun,
            Err(turned_away) => {
                if turned_away.scope == Scope::Account {
                    self.watch_turned_away(&sighting, visit).await;
                }
                return Err(turned_away.into());
            }
        };
        // What an owner mistypes on a device of theirs is no pattern, and a form sent empty is nobody's guess.
        let watched = !(begun.known_device || password.is_empty());
        // C23: what is sprayed is refused on every account, known or not, but to an account's known device.
        if watched && let Some(wait) = self.refuses_sprayed(&sighting, visit.now) {
            self.take_back(begun.tried).await;
            return Err(self.turned_away(Scope::Everyone, wait).into());
        }
        let reason = match self.evaluate(&begun, password, visit).await? {
            Verdict::Refused(reason) => reason,
            Verdict::Passed { user, version } => {
                match self.open(&begun, (user, version), attempt, visit).await? {
                    Ok(signed_in) => {
                        if !begun.known_device {
                            self.watch_succeeded(visit.now);
                        }
                        return Ok(signed_in);
                    }
                    Err(reason) => reason,
                }
            }
        };
        let user = begun.record.as_ref().map(|record| record.user.id);
        // What names no account is nobody's whose deletion would erase it from the trail: it is not kept (O02).
        let kept = typed.kept().filter(|_| user.is_some());
        let mut act = visit.act(self, Actor::Visitor, kept)?;
        act.told = self.disabling_letters(&begun, visit)?;
        let event = Event {
            kind: EventKind::LoginRefused(reason),
            user,
            session: None,
            application: None,
        };
        let failed = self.fail(begun.tried, event, act).await?;
        if watched {
            self.watch_failed(&sighting, failed.alarmed, user, visit)
                .await;
        }
        Err(SignInError::Refused)
    }

    async fn open(
        &self,
        begun: &Begun,
        (user, version): (UserId, CredentialVersion),
        attempt: &Attempt,
        visit: &Visit,
    ) -> Result<Result<SignedIn, RefusalReason>, SignInError> {
        let PreparedSession { cookie, mut new } =
            self.prepare_session(user, version, attempt.remember, visit)?;
        if let Some(over) = &attempt.over {
            new.replaces = Some(over.id());
        }
        let device = self.device(begun, visit)?;
        new.known = Some(device.proof());
        new.tried = Some(begun.tried.clone());
        let alert = self.alert(begun, new.id, visit)?;
        new.end_ticket = alert.ticket;
        let mut act = visit.act(self, Actor::User(user), attempt.typed.kept())?;
        act.told = alert.letters;
        match self.store().open_session(new, act).await? {
            OpenSession::Opened(_) => {
                if let Some(over) = &attempt.over {
                    // The transition ended it; whatever the store made of its clocks, here it is over.
                    self.index().remove(over.id());
                }
                // Ended again between the commit and here: as if it had never been.
                let live = self
                    .index()
                    .live(cookie.id, cookie.secret.hashed(), visit.now);
                Ok(live
                    .map(|session| SignedIn {
                        cookie,
                        session,
                        device,
                    })
                    .ok_or(RefusalReason::CredentialChanged))
            }
            OpenSession::CredentialChanged => Ok(Err(RefusalReason::CredentialChanged)),
            OpenSession::Disabled => Ok(Err(RefusalReason::Disabled)),
            OpenSession::Unknown => Ok(Err(RefusalReason::UnknownUser)),
        }
    }

    /// The device's cookie from now on: the one presented where it is known to this account, else a fresh one. Whatever else
    /// a browser presents may have been planted there by somebody who has it too, and would learn a budget of this account's
    /// with the login. (Two people who share a browser are new to it by turns, therefore.)
    fn device(&self, begun: &Begun, visit: &Visit) -> Result<DeviceCookie, EntropyError> {
        match &visit.device {
            Some(presented) if begun.known_device => Ok(presented.clone()),
            _ => self.entropy().device(visit.now),
        }
    }

    pub(crate) fn prepare_session(
        &self,
        user: UserId,
        credential: CredentialVersion,
        remembered: bool,
        visit: &Visit,
    ) -> Result<PreparedSession, EntropyError> {
        let cookie = SessionCookie {
            id: self.entropy().session_id(visit.now)?,
            secret: self.entropy().session_secret()?,
        };
        let new = NewSession {
            id: cookie.id,
            user,
            secret: cookie.secret.hashed(),
            credential,
            auth_time: visit.now,
            lifetime: self.policy().lifetime(remembered),
            remembered,
            // N08: one factor was presented, and the session says so.
            acr: Acr::Aal1,
            amr: Amr::PASSWORD,
            device: visit.device(),
            replaces: None,
            tried: None,
            known: None,
            end_ticket: None,
        };
        Ok(PreparedSession { cookie, new })
    }
}
