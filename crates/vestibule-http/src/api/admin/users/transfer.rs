//! Accounts many at a time: in from a list that another system wrote, out as one.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_core::email::EmailAddress;
use vestibule_core::id::ActId;
use vestibule_core::user::{Role, UserStatus};
use vestibule_engine::{ExportedUser, ImportError, ImportPlan, Imported, ImportedUser, causes};

use super::{Page, address};
use crate::api::admin::invitations::{known_language, no_words_in};
use crate::api::problem::{Code, Problem, Reason as _, Said};
use crate::api::request::{Asked, Given, ToldAtLength, answer, limit};
use crate::context::Context;
use crate::exports::AGAIN;
use crate::texts::{Tongue, msg};

/// Most accounts that one request brings.
const MOST: usize = 1000;

/// A part of a list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Import)]
pub struct ImportBody {
    /// At most 1,000.
    #[schema(max_items = 1000)]
    users: Vec<Line>,
    /// Accounts that there are become what the list says; otherwise they are left as they are.
    #[serde(default)]
    update: bool,
    /// Only say what would become of each.
    #[serde(default)]
    dry_run: bool,
}

/// One account. What is left out is the default in a new account, and as it was in one that there is. There is no password:
/// who is in the list gets in by recovery.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportedUser)]
struct Line {
    email: String,
    name: Option<String>,
    roles: Option<Vec<String>>,
    /// Of a new account: the address is known to be theirs.
    #[serde(default)]
    verified: bool,
    disabled: Option<bool>,
    language: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ImportAnswer)]
struct ImportedBody {
    dry_run: bool,
    added: u64,
    updated: u64,
    unchanged: u64,
    skipped: u64,
    refused: u64,
    /// The store failed under these: they may be sent again.
    failed: u64,
    /// One for each account, in the order of the request.
    users: Vec<OutcomeBody>,
}

/// What became of one account, or would.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportOutcome)]
struct OutcomeBody {
    outcome: Outcome,
    /// Why it was refused or failed, as a problem's code.
    #[schema(value_type = Option<String>)]
    code: Option<&'static str>,
    /// The same for people.
    detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportOutcomeKind)]
enum Outcome {
    Added,
    Updated,
    Unchanged,
    Skipped,
    Refused,
    Failed,
}

impl OutcomeBody {
    fn done(imported: Imported) -> Self {
        Self {
            outcome: match imported {
                Imported::Added => Outcome::Added,
                Imported::Updated => Outcome::Updated,
                Imported::Unchanged => Outcome::Unchanged,
                Imported::Skipped => Outcome::Skipped,
            },
            code: None,
            detail: None,
        }
    }

    /// In the caller's language.
    fn not_done(outcome: Outcome, code: Code, (why, args): Said, tongue: Tongue<'_>) -> Self {
        Self {
            outcome,
            code: Some(code.as_str()),
            detail: Some(tongue.text_with(why, &args).into_owned()),
        }
    }
}

/// Makes accounts from a list, and answers for each.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/import",
    operation_id = "import_users",
    tag = "users",
    request_body = ImportBody,
    responses((status = 200, description = "What became of each", body = ImportedBody)),
)]
pub async fn import(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    headers: HeaderMap,
    ToldAtLength(told): ToldAtLength<ImportBody>,
) -> Result<Response, Problem> {
    // ASVS 15.2.2
    if told.users.len() > MOST {
        return Err(Problem::new(Code::InvalidBody)
            .told(msg("problem-users-most"), vec![("most", MOST.into())]));
    }
    let tongue = context.texts.language(&headers);
    let plan = ImportPlan {
        update: told.update,
        dry_run: told.dry_run,
    };
    let mut outcomes: Vec<Option<OutcomeBody>> = Vec::with_capacity(told.users.len());
    let mut users = Vec::with_capacity(told.users.len());
    for line in told.users {
        match read(&context, line, tongue) {
            Ok(user) => {
                users.push(user);
                outcomes.push(None);
            }
            Err(refused) => outcomes.push(Some(refused)),
        }
    }
    let done = context.engine.import_users(users, plan, &operator).await;
    log_failure(&done)?;
    let places = outcomes.iter_mut().filter(|outcome| outcome.is_none());
    for (place, done) in places.zip(done) {
        *place = Some(match done {
            Ok(imported) => OutcomeBody::done(imported),
            Err(why) => not_imported(&why, tongue),
        });
    }
    let mut answer = answer(StatusCode::OK, &counted(plan, outcomes));
    let headers = answer.headers_mut();
    let language = HeaderValue::from_static(tongue.lang());
    headers.insert(header::CONTENT_LANGUAGE, language);
    Ok(answer)
}

/// One line for all that failed. Where nothing was done, that is the answer.
fn log_failure(done: &[Result<Imported, ImportError>]) -> Result<(), Problem> {
    let failure = done.iter().find_map(|one| match one {
        Err(ImportError::Store(error)) => Some(error),
        _ => None,
    });
    match failure {
        Some(error) if done.iter().all(Result::is_err) => Err(Problem::store(error)),
        Some(error) => {
            tracing::error!(error = %causes(error), "the store failed under a part of an import");
            Ok(())
        }
        None => Ok(()),
    }
}

fn read(context: &Context, line: Line, tongue: Tongue<'_>) -> Result<ImportedUser, OutcomeBody> {
    let language = match line.language.as_deref() {
        None => None,
        Some(tag) => Some(known_language(context, tag).ok_or_else(|| {
            let why = no_words_in(context, tag);
            OutcomeBody::not_done(Outcome::Refused, Code::InvalidLanguage, why, tongue)
        })?),
    };
    Ok(ImportedUser {
        email: line.email,
        name: line.name,
        roles: line.roles,
        verified: line.verified,
        disabled: line.disabled,
        language,
    })
}

fn counted(plan: ImportPlan, outcomes: Vec<Option<OutcomeBody>>) -> ImportedBody {
    let users: Vec<OutcomeBody> = outcomes.into_iter().flatten().collect();
    let count = |kind: Outcome| users.iter().filter(|one| one.outcome == kind).count() as u64;
    ImportedBody {
        dry_run: plan.dry_run,
        added: count(Outcome::Added),
        updated: count(Outcome::Updated),
        unchanged: count(Outcome::Unchanged),
        skipped: count(Outcome::Skipped),
        refused: count(Outcome::Refused),
        failed: count(Outcome::Failed),
        users,
    }
}

fn not_imported(error: &ImportError, tongue: Tongue<'_>) -> OutcomeBody {
    let (outcome, code) = match error {
        ImportError::Email(_) => (Outcome::Refused, Code::InvalidEmail),
        ImportError::Name(_) => (Outcome::Refused, Code::InvalidName),
        ImportError::Role(_) => (Outcome::Refused, Code::InvalidRole),
        ImportError::Twice => (Outcome::Refused, Code::AddressTaken),
        ImportError::NotAllowed => (Outcome::Refused, Code::Forbidden),
        ImportError::LastAdministrator => (Outcome::Refused, Code::LastAdministrator),
        ImportError::Store(_) => (Outcome::Failed, Code::StoreFailed),
        ImportError::BrokenOff => (Outcome::Failed, Code::Internal),
    };
    OutcomeBody::not_done(outcome, code, error.said(), tongue)
}

#[derive(Serialize, ToSchema)]
#[schema(as = Export)]
struct ExportBody<'a> {
    users: Vec<ExportedBody<'a>>,
    /// What the next page is asked for with, as `after`: no other text goes on with this export.
    next: Option<String>,
}

/// One account, as an import takes it.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedUser)]
struct ExportedBody<'a> {
    email: &'a str,
    name: &'a str,
    roles: Vec<&'a str>,
    verified: bool,
    disabled: bool,
    language: &'a str,
}

impl<'a> From<&'a ExportedUser> for ExportedBody<'a> {
    fn from(exported: &'a ExportedUser) -> Self {
        let user = &exported.user;
        Self {
            email: user.email.as_str(),
            name: user.name.as_str(),
            roles: user.roles.iter().map(Role::as_str).collect(),
            verified: user.email_verified,
            disabled: user.status == UserStatus::Disabled,
            language: exported.language.as_str(),
        }
    }
}

/// A page of accounts as an import takes them, by address. That it is begun stands in the trail, once for all its pages.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users/export",
    operation_id = "export_users",
    tag = "users",
    params(Page),
    responses((status = 200, description = "A page of accounts", body = ExportBody)),
)]
pub async fn export(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Asked(page): Asked<Page>,
) -> Result<Response, Problem> {
    let engine = &context.engine;
    let (filter, limit) = (page.filter()?, limit(page.limit)?);
    let (begun, after) = match page.after.as_deref() {
        None => (None, None),
        Some(after) => goes_on(after)?,
    };
    // ASVS 15.2.2
    let turn = context.exports.begin();
    let _turn = turn.ok_or_else(|| Problem::new(Code::Busy).retry_after(AGAIN))?;
    let asked = (begun, &filter);
    let act = context.exports.users(engine, &operator, asked).await;
    let act = act.map_err(|error| Problem::store(&error))?;
    let page = engine.users(filter, after, limit).await;
    let page = page.map_err(|error| Problem::store(&error))?;
    let exported = engine.export_users(page.users).await;
    let exported = exported.map_err(|error| Problem::store(&error))?;
    let body = ExportBody {
        users: exported.iter().map(ExportedBody::from).collect(),
        next: page.next.map(|next| format!("{act}/{}", next.as_str())),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Which export goes on, and where. An address alone begins one there.
fn goes_on(after: &str) -> Result<(Option<ActId>, Option<EmailAddress>), Problem> {
    let (begun, after) = match after.split_once('/') {
        // An address may have a stroke too.
        Some((act, email)) => match act.parse() {
            Ok(act) => (Some(act), email),
            Err(_) => (None, after),
        },
        None => (None, after),
    };
    Ok((begun, Some(address(after)?)))
}
