//! Transitions of users.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::lineage::{Node, StoreNumber};
use vestibule_core::password::HashedPassword;
use vestibule_core::session::{EndReason, LoginRefused, Session};
use vestibule_core::user::{CredentialVersion, NewUser, User, UserStatus};

use super::{Account, Model};
use crate::{Change, ChangePassword, CreateUser, PasswordChange, RehashPassword, SetStatus};

impl Model {
    /// [`crate::Users::create_user`].
    pub fn create_user(&mut self, new: NewUser, act: &Act) -> CreateUser {
        if self
            .accounts
            .values()
            .any(|account| account.user.email == new.email)
        {
            return CreateUser::AddressTaken;
        }
        let mut roles = new.roles;
        roles.sort();
        roles.dedup();
        let user = User {
            id: new.id,
            email: new.email,
            email_verified: new.email_verified,
            name: new.name,
            roles,
            status: UserStatus::Active,
            created_at: act.at,
            cutoff: StoreNumber(0),
        };
        let account = Account {
            user: user.clone(),
            hash: new.password.expect("everybody here has one"),
            version: CredentialVersion(1),
            particulars: new.particulars,
        };
        self.accounts.insert(user.id, account);
        self.audit(act, Event::user(EventKind::UserCreated, user.id));
        self.published.push(Change::User(Box::new(user.clone())));
        CreateUser::Created(Box::new(user))
    }

    /// [`crate::Users::disable_user`], [`crate::Users::enable_user`].
    pub fn set_status(&mut self, id: UserId, status: UserStatus, act: &Act) -> SetStatus {
        let ended = self.count_live(id, None, act.at);
        let Some(account) = self.accounts.get_mut(&id) else {
            return SetStatus::Unknown;
        };
        if account.user.status == status {
            return SetStatus::Already;
        }
        account.user.status = status;
        if status == UserStatus::Active {
            let user = Box::new(account.user.clone());
            self.published.push(Change::User(user.clone()));
            self.audit(act, Event::user(EventKind::UserEnabled, id));
            return SetStatus::Set { user, ended: 0 };
        }
        let cutoff = self.cut(Node::User(id, None));
        let user = Box::new(self.accounts[&id].user.clone());
        self.published
            .extend([Change::User(user.clone()), Change::Cutoff(cutoff)]);
        self.audit(act, Event::user(EventKind::UserDisabled, id));
        let ended_all = EventKind::UserSessionsEnded(EndReason::UserDisabled);
        self.audit(act, Event::user(ended_all, id));
        SetStatus::Set { user, ended }
    }

    /// [`crate::Users::change_password`].
    pub fn change_password(&mut self, change: &PasswordChange, act: &Act) -> ChangePassword {
        let (user, renewal) = (change.user, &change.renewal);
        match self.may_open(user, renewal.credential) {
            Some(Err(LoginRefused::Disabled)) => return ChangePassword::Disabled,
            Some(Err(LoginRefused::CredentialChanged)) => return ChangePassword::CredentialChanged,
            Some(Ok(())) if self.is_presented(user, renewal, act.at) => {}
            _ => return ChangePassword::SessionEnded,
        }
        let ended = self.count_live(user, Some(renewal.id), act.at);
        if let Some(account) = self.accounts.get_mut(&user) {
            account.hash = change.hash.clone();
            account.version.0 += 1;
        }
        let renewed = self.write_renewed(renewal);
        let cutoff = self.cut(Node::User(user, Some(renewal.id)));
        let renewed = Box::new(Session {
            rev: cutoff.number,
            ..renewed
        });
        self.published
            .extend([Change::SessionRenewed(renewed), Change::Cutoff(cutoff)]);
        let ended_others = EventKind::UserSessionsEnded(EndReason::PasswordChanged);
        for kind in [EventKind::PasswordChanged, ended_others] {
            self.audit(act, Event::session(kind, user, renewal.id));
        }
        ChangePassword::Changed { ended }
    }

    /// [`crate::Users::rehash_password`].
    pub fn rehash_password(
        &mut self,
        user: UserId,
        version: CredentialVersion,
        hash: HashedPassword,
        act: &Act,
    ) -> RehashPassword {
        match self.accounts.get_mut(&user) {
            Some(account) if account.version == version => account.hash = hash,
            _ => return RehashPassword::CredentialChanged,
        }
        self.audit(act, Event::user(EventKind::PasswordRehashed, user));
        RehashPassword::Rehashed
    }
}
