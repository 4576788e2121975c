//! Invitations: who may make an account of their own.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_core::user::Language;
use vestibule_engine::{Invitation, InviteError};

use super::users::address;
use crate::api::problem::{Code, Problem, Said};
use crate::api::request::{Given, Told, answer};
use crate::api::time::Utc;
use crate::context::Context;
use crate::texts::msg;

/// Who is invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitation)]
pub struct NewInvitation {
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    roles: Vec<String>,
    language: Option<String>,
}

/// A link on its way, or for the operator to hand over.
#[derive(Serialize, ToSchema)]
#[schema(as = SentLink)]
pub struct LinkBody<'a> {
    email: &'a str,
    mailed: bool,
    expires_at: Utc,
    /// Only where no mail can be sent.
    link: Option<String>,
    /// Only in development: where the mail went.
    mailbox: Option<String>,
}

impl<'a> LinkBody<'a> {
    /// `path` at the issuer (H01), with the token of whom no mail reaches.
    pub fn new(
        context: &Context,
        email: &'a str,
        path: &str,
        token: Option<String>,
        expires_at: Utc,
    ) -> Self {
        let origin = context.site.issuer.origin();
        Self {
            email,
            mailed: token.is_none(),
            expires_at,
            link: token.map(|token| format!("{origin}{path}?token={token}")),
            mailbox: context.mailbox_url(),
        }
    }
}

/// Invites somebody, by mail where there is mail.
#[utoipa::path(
    post,
    path = "/api/v1/admin/invitations",
    operation_id = "invite",
    tag = "invitations",
    request_body = NewInvitation,
    responses((status = 201, description = "The link is on its way, or here", body = LinkBody)),
)]
pub async fn post(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Told(new): Told<NewInvitation>,
) -> Result<Response, Problem> {
    let email = address(&new.email)?;
    let invitation = Invitation {
        email: email.as_str(),
        name: &new.name,
        roles: &new.roles,
        language: language(&context, new.language.as_deref())?,
    };
    let invited = context.engine.invite(invitation, &operator).await;
    let invited = invited.map_err(|error| not_invited(&error))?;
    let body = LinkBody::new(
        &context,
        email.as_str(),
        "/register/finish",
        invited.token,
        Utc(invited.expires_at),
    );
    Ok(answer(StatusCode::CREATED, &body))
}

fn language(context: &Context, asked: Option<&str>) -> Result<Language, Problem> {
    let Some(asked) = asked else {
        return Ok(Language::default());
    };
    known_language(context, asked).ok_or_else(|| {
        let (message, args) = no_words_in(context, asked);
        Problem::new(Code::InvalidLanguage).told(message, args)
    })
}

/// The language with this tag, if there are words in it.
pub fn known_language(context: &Context, tag: &str) -> Option<Language> {
    let known = context.texts.of(tag).lang();
    let primary = tag.split('-').next().unwrap_or_default();
    primary
        .eq_ignore_ascii_case(known)
        .then(|| Language::of(known))
}

/// What to say instead of `tag`.
pub fn no_words_in(context: &Context, tag: &str) -> Said {
    let known: Vec<_> = context.texts.tags().collect();
    let args = vec![
        ("tag", format!("{tag:?}").into()),
        ("known", known.join(", ").into()),
    ];
    (msg("problem-no-words-in"), args)
}

fn not_invited(error: &InviteError) -> Problem {
    match error {
        InviteError::Email(why) => Problem::new(Code::InvalidEmail).saying(why),
        InviteError::Name(why) => Problem::new(Code::InvalidName).saying(why),
        InviteError::Role(why) => Problem::new(Code::InvalidRole).saying(why),
        InviteError::AddressTaken => Problem::new(Code::AddressTaken),
        InviteError::NotNow(error) => Problem::not_now(error),
    }
}
