//! Accounts.

pub mod one;
pub mod transfer;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_core::audit::Actor;
use vestibule_core::email::{EmailAddress, ParseEmailError};
use vestibule_core::filter::UserFilter;
use vestibule_core::id::UserId;
use vestibule_core::user::{Role, User, UserStatus};
use vestibule_engine::{AddUserError, NewAccount, Whom};
use vestibule_store::{DeleteUser, SetStatus, SignInRecord};

use super::applications::declared;
use super::invitations::LinkBody;
use super::reach::{DryRun, ReachBody};
use super::sessions::text;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Given, Named, Password, Told, answer, limit};
use crate::api::time::Utc;
use crate::context::Context;
use crate::texts::msg;

/// Which page of accounts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// In the address or the name; `alice@ex` is the beginning of an address.
    text: Option<String>,
    /// Those who may sign in, or those who may not.
    #[param(inline, value_type = Option<StatusAsked>)]
    status: Option<StatusAsked>,
    /// A role that they hold.
    role: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserStatusAsked)]
pub enum StatusAsked {
    Active,
    Disabled,
}

impl Page {
    fn filter(&self) -> Result<UserFilter, Problem> {
        let role = self.role.as_deref().map(str::parse::<Role>).transpose();
        Ok(UserFilter {
            text: text(self.text.as_deref())?,
            status: self.status.map(|status| match status {
                StatusAsked::Active => UserStatus::Active,
                StatusAsked::Disabled => UserStatus::Disabled,
            }),
            role: role.map_err(|why| Problem::new(Code::InvalidQuery).saying(&why))?,
        })
    }
}

/// An account to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub struct NewUser {
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    roles: Vec<String>,
    // Only from somebody at the machine.
    #[schema(value_type = Option<String>)]
    password: Option<Password>,
    #[serde(default)]
    verified: bool,
}

/// An account as it is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody<'a> {
    id: String,
    email: &'a str,
    email_verified: bool,
    name: &'a str,
    roles: Vec<&'a str>,
    status: &'static str,
    created_at: Utc,
}

impl<'a> From<&'a User> for UserBody<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_str(),
            email_verified: user.email_verified,
            name: user.name.as_str(),
            roles: user.roles.iter().map(Role::as_str).collect(),
            status: match user.status {
                UserStatus::Active => "active",
                UserStatus::Disabled => "disabled",
            },
            created_at: Utc(user.created_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Users)]
struct UsersBody<'a> {
    users: Vec<UserBody<'a>>,
    next: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeletedUser)]
struct DeletedBody<'a> {
    email: &'a str,
    ended_sessions: u64,
    /// Of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_end: Option<ReachBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserStatus)]
struct StatusBody<'a> {
    user: UserBody<'a>,
    ended_sessions: u64,
    changed: bool,
}

/// A page of accounts, by address.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users",
    operation_id = "list_users",
    tag = "users",
    params(Page),
    responses((status = 200, description = "A page of accounts", body = UsersBody)),
)]
pub async fn get(
    State(context): State<Arc<Context>>,
    _: Given,
    Asked(page): Asked<Page>,
) -> Result<Response, Problem> {
    let after = page.after.as_deref().map(address).transpose()?;
    let page = context
        .engine
        .users(page.filter()?, after, limit(page.limit)?)
        .await
        .map_err(|error| Problem::store(&error))?;
    let body = UsersBody {
        users: page.users.iter().map(UserBody::from).collect(),
        next: page.next.as_ref().map(EmailAddress::as_str),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Makes an account.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users",
    operation_id = "add_user",
    tag = "users",
    request_body = NewUser,
    responses((status = 201, description = "Made", body = UserBody)),
)]
pub async fn post(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Told(new): Told<NewUser>,
) -> Result<Response, Problem> {
    // ASVS 6.4.6: an administrator invites; a password of somebody else's is nothing they ever choose.
    if new.password.is_some() && !matches!(operator.actor(), Actor::Operator(_)) {
        return Err(Problem::new(Code::Forbidden).saying(&msg("problem-password-of-another")));
    }
    let account = NewAccount {
        email: &new.email,
        name: &new.name,
        roles: &new.roles,
        password: new.password.as_ref().map(Password::as_str),
        verified: new.verified,
    };
    let user = context
        .engine
        .add_user(account, &operator)
        .await
        .map_err(|error| not_added(&error))?;
    Ok(answer(StatusCode::CREATED, &UserBody::from(&user)))
}

/// Shuts an account: its sessions end, and no new login (ASVS 7.4.2).
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{user}/disable",
    operation_id = "disable_user",
    tag = "users",
    params(("user" = String, Path, description = "The account's address or id")),
    responses((status = 200, description = "Shut, or shut already", body = StatusBody)),
)]
pub async fn disable(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(user): Named<String>,
) -> Result<Response, Problem> {
    // Nothing is read before: what the store cannot be told now is enforced all the same.
    let set = context.engine.disable_user(whom(&user)?, &operator).await;
    let set = set.map_err(|error| Problem::end_unstored(&error))?;
    set_status(&context, &user, set).await
}

/// Opens an account again; what ended stays ended.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{user}/enable",
    operation_id = "enable_user",
    tag = "users",
    params(("user" = String, Path, description = "The account's address or id")),
    responses((status = 200, description = "Open, or open already", body = StatusBody)),
)]
pub async fn enable(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(user): Named<String>,
) -> Result<Response, Problem> {
    let email = named(&context, &user).await?.email;
    let set = context.engine.enable_user(&email, &operator).await;
    let set = set.map_err(|error| Problem::store(&error))?;
    set_status(&context, &user, set).await
}

async fn set_status(context: &Context, user: &str, set: SetStatus) -> Result<Response, Problem> {
    let (user, ended, changed) = match set {
        SetStatus::Set { user, ended } => (*user, ended, true),
        SetStatus::Already => (named(context, user).await?, 0, false),
        SetStatus::LastAdministrator => return Err(last_administrator(user)),
        SetStatus::Unknown => return Err(nobody(user)),
    };
    let body = StatusBody {
        user: UserBody::from(&user),
        ended_sessions: ended,
        changed,
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Mails a recovery link; the operator sees it only where no mail can be sent, and never a password (ASVS 6.4.6).
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{user}/recover",
    operation_id = "recover_user",
    tag = "users",
    params(("user" = String, Path, description = "The account's address or id")),
    responses((status = 200, description = "The link is on its way, or here", body = LinkBody)),
)]
pub async fn recover(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(user): Named<String>,
) -> Result<Response, Problem> {
    let email = named(&context, &user).await?.email;
    let offered = context.engine.offer_recovery(&email, &operator).await;
    let offered = offered.map_err(|error| Problem::not_now(&error))?;
    let Some(offered) = offered else {
        return Err(Problem::new(Code::UserNotFound).told(
            msg("problem-no-login-at"),
            vec![("email", email.as_str().to_owned().into())],
        ));
    };
    let body = LinkBody::new(
        &context,
        email.as_str(),
        "/recover/finish",
        offered.token,
        Utc(offered.expires_at),
    );
    Ok(answer(StatusCode::OK, &body))
}

/// Deletes an account and what is personal of it; the trail keeps what happened (ASVS 7.4.2).
#[utoipa::path(
    delete,
    path = "/api/v1/admin/users/{user}",
    operation_id = "delete_user",
    tag = "users",
    params(("user" = String, Path, description = "The account's address or id"), DryRun),
    responses((status = 200, description = "Deleted, or would be", body = DeletedBody)),
)]
pub async fn delete(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(user): Named<String>,
    Asked(asked): Asked<DryRun>,
) -> Result<Response, Problem> {
    let User { id, email, .. } = named(&context, &user).await?;
    if asked.dry_run {
        let reach = context.engine.reach_of_user(id).await;
        let body = DeletedBody {
            email: email.as_str(),
            ended_sessions: 0,
            would_end: Some(reach.map_err(|error| Problem::store(&error))?.into()),
        };
        return Ok(answer(StatusCode::OK, &body));
    }
    let deleted = context.engine.delete_user(&email, &operator).await;
    match deleted.map_err(|error| Problem::not_now(&error))? {
        DeleteUser::Deleted { ended } => {
            let body = DeletedBody {
                email: email.as_str(),
                ended_sessions: ended,
                would_end: None,
            };
            Ok(answer(StatusCode::OK, &body))
        }
        DeleteUser::LastAdministrator => Err(last_administrator(email.as_str())),
        DeleteUser::Declared => Err(declared(msg("problem-declared-account"), email.as_str())),
        DeleteUser::Unknown => Err(unknown(&email)),
    }
}

/// Reads an address out of a path or a query.
pub fn address(text: &str) -> Result<EmailAddress, Problem> {
    EmailAddress::parse(text).map_err(not_an_address)
}

/// Whom a path or a query names, by address or id, for what must not wait for the store (ASVS 7.4.2).
pub fn whom(text: &str) -> Result<Whom, Problem> {
    text.parse()
        .map(Whom::Id)
        .or_else(|_| address(text).map(Whom::Address))
}

/// No account has this address or id.
pub fn nobody(text: &str) -> Problem {
    match whom(text) {
        Ok(Whom::Id(id)) => Problem::new(Code::UserNotFound).told(
            msg("problem-no-account-of"),
            vec![("id", id.to_string().into())],
        ),
        Ok(Whom::Address(email)) => unknown(&email),
        Err(problem) => problem,
    }
}

/// The account that a path or a query names, by address or id.
pub async fn named(context: &Context, text: &str) -> Result<User, Problem> {
    account(context, text).await.map(|record| record.user)
}

/// The same with what the store keeps of it besides.
async fn account(context: &Context, text: &str) -> Result<SignInRecord, Problem> {
    let engine = &context.engine;
    if let Ok(id) = text.parse::<UserId>() {
        let found = engine.account_of(id).await;
        let found = found.map_err(|error| Problem::store(&error))?;
        return found.ok_or_else(|| nobody(text));
    }
    let email = address(text)?;
    let found = engine.account(&email).await;
    let found = found.map_err(|error| Problem::store(&error))?;
    found.ok_or_else(|| unknown(&email))
}

/// The account that a session or an act belongs to.
#[derive(Serialize, ToSchema)]
#[schema(as = Owner)]
pub struct Owner<'a> {
    id: String,
    email: &'a str,
}

impl<'a> Owner<'a> {
    /// By id and address.
    pub fn new(id: UserId, email: &'a EmailAddress) -> Self {
        Self {
            id: id.to_string(),
            email: email.as_str(),
        }
    }
}

/// No account has this address.
pub fn unknown(email: &EmailAddress) -> Problem {
    Problem::new(Code::UserNotFound).told(
        msg("problem-no-account-at"),
        vec![("email", email.as_str().to_owned().into())],
    )
}

/// Without it nobody would administer.
pub fn last_administrator(user: &str) -> Problem {
    Problem::new(Code::LastAdministrator).told(
        msg("problem-administrator-alone"),
        vec![("email", user.to_owned().into())],
    )
}

fn not_an_address(why: ParseEmailError) -> Problem {
    Problem::new(Code::InvalidEmail).saying(&why)
}

fn not_added(error: &AddUserError) -> Problem {
    match error {
        AddUserError::Email(why) => not_an_address(*why),
        AddUserError::Name(why) => Problem::new(Code::InvalidName).saying(why),
        AddUserError::Role(why) => Problem::new(Code::InvalidRole).saying(why),
        AddUserError::Password(why) => Problem::new(Code::InvalidPassword).saying(why),
        AddUserError::AddressTaken => Problem::new(Code::AddressTaken),
        AddUserError::NotNow(error) => Problem::not_now(error),
    }
}
