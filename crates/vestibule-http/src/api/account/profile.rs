//! `/api/v1/account/profile`: what a person tells of themselves. It proves nothing and signs nobody in: no fresh login is
//! needed.

use std::collections::BTreeMap;

use axum::response::Response;
use http::StatusCode;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use vestibule_core::user::{DisplayName, Particulars};
use vestibule_engine::{ChangeProfile, ChangeProfileError, LiveSession, NameAsked, ProfileFault};

use crate::api::problem::{Code, Problem};
use crate::api::request::{Known, Told, answer};
use crate::browser::caller::Caller;
use crate::texts::{Msg, msg};

/// All of what a person tells of themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProfile)]
pub struct NewProfile {
    /// May be empty, unless the settings ask for it.
    name: String,
    /// Of the mails: a tag that there are words in.
    #[schema(example = "en")]
    language: String,
    /// Answers to the fields that the settings ask for, by id. None stays that is not sent.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    details: Answers,
}

/// Each field once (ASVS 1.5.3).
#[derive(Default)]
struct Answers(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;

        impl<'de> Visitor<'de> for Map {
            type Value = Answers;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answers, A::Error> {
                let mut answers = BTreeMap::new();
                while let Some((field, answer)) = map.next_entry::<String, String>()? {
                    if answers.insert(field, answer).is_some() {
                        return Err(A::Error::custom("a field of details comes twice"));
                    }
                }
                Ok(Answers(answers))
            }
        }

        deserializer.deserialize_map(Map)
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
struct ProfileBody {
    email: String,
    email_verified: bool,
    name: String,
    language: String,
    details: BTreeMap<String, String>,
    /// What the settings ask for.
    fields: Vec<FieldBody>,
    name_required: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ProfileField)]
struct FieldBody {
    id: String,
    required: bool,
}

impl ProfileBody {
    fn new(caller: &Caller, session: &LiveSession, known: &Particulars, name: &str) -> Self {
        let policy = &caller.context.engine.policy().registration;
        let profile = session.profile();
        let details = known.details.iter();
        let fields = policy.fields.iter().map(|field| FieldBody {
            id: field.id.clone(),
            required: field.required,
        });
        Self {
            email: profile.email().as_str().to_owned(),
            email_verified: profile.email_verified(),
            name: name.to_owned(),
            language: known.language.as_str().to_owned(),
            details: details
                .map(|(field, answer)| (field.to_owned(), answer.to_owned()))
                .collect(),
            fields: fields.collect(),
            name_required: policy.name == NameAsked::Required,
        }
    }
}

/// What the session's user tells of themselves, and what is asked.
#[utoipa::path(
    get,
    path = "/api/v1/account/profile",
    operation_id = "show_own_profile",
    tag = "account",
    security(("session" = [])),
    responses((status = 200, description = "The profile", body = ProfileBody)),
)]
pub async fn get(Known { caller, session }: Known) -> Result<Response, Problem> {
    let name = session.profile().name();
    show(&caller, &session, name.as_str()).await
}

/// Tells it anew, all of it.
#[utoipa::path(
    put,
    path = "/api/v1/account/profile",
    operation_id = "change_own_profile",
    tag = "account",
    security(("session" = [], "csrf" = [])),
    request_body = NewProfile,
    responses((status = 200, description = "The profile as it is from now on", body = ProfileBody)),
)]
pub async fn put(
    Known { caller, session }: Known,
    Told(new): Told<NewProfile>,
) -> Result<Response, Problem> {
    let engine = &caller.context.engine;
    if !caller.context.texts.tags().any(|tag| tag == new.language) {
        return Err(Problem::new(Code::InvalidLanguage));
    }
    let asked = &engine.policy().registration.fields;
    let answers = new.details.0.iter();
    let answers: Vec<(&str, &str)> = answers
        .map(|(field, answer)| (field.as_str(), answer.as_str()))
        .collect();
    if let Some((unknown, _)) = answers
        .iter()
        .find(|(field, _)| !asked.iter().any(|asked| asked.id == *field))
    {
        return Err(of_field(msg("problem-field-unknown"), unknown));
    }
    let change = ChangeProfile {
        name: &new.name,
        language: &new.language,
        answers: &answers,
    };
    let changed = engine.change_profile(&session, change, &caller.visit).await;
    changed.map_err(not_changed)?;
    let name = DisplayName::parse(&new.name).map_err(|_| Problem::new(Code::InvalidName))?;
    show(&caller, &session, name.as_str()).await
}

async fn show(caller: &Caller, session: &LiveSession, name: &str) -> Result<Response, Problem> {
    let known = caller.context.engine.particulars(session).await;
    let known = known.map_err(|error| Problem::store(&error))?;
    let body = ProfileBody::new(caller, session, &known, name);
    Ok(answer(StatusCode::OK, &body))
}

fn not_changed(error: ChangeProfileError) -> Problem {
    match error {
        ChangeProfileError::Profile(ProfileFault::Name(_)) => Problem::new(Code::InvalidName),
        ChangeProfileError::Profile(ProfileFault::NoName) => {
            Problem::new(Code::InvalidName).told(msg("problem-name-missing"), Vec::new())
        }
        ChangeProfileError::Profile(ProfileFault::Answer { field, missing }) => of_field(
            if missing {
                msg("problem-field-missing")
            } else {
                msg("problem-field-malformed")
            },
            &field,
        ),
        ChangeProfileError::Ended => Problem::not_signed_in(),
        ChangeProfileError::NotNow(error) => Problem::not_now(&error),
    }
}

fn of_field(message: Msg, field: &str) -> Problem {
    let field: String = field.chars().take(64).collect();
    Problem::new(Code::InvalidDetails).told(message, vec![("field", field.into())])
}
