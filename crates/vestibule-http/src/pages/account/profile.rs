//! `/account/profile`: what a person tells of themselves. It proves nothing and signs nobody in: no fresh login is needed.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::user::Particulars;
use vestibule_engine::{ChangeProfile, ChangeProfileError};

use crate::browser::caller::{SignedIn, to_login};
use crate::browser::form::{Posted, Query};
use crate::errors::{Code, Failure};
use crate::pages::details::{self, Fault, Typed};
use crate::views::{Details, LanguageChoice, ProfilePage};

const PATH: &str = "/account/profile";

/// The form, with what is known.
pub async fn get(signed_in: SignedIn, Query(query): Query) -> Result<Response, Failure> {
    let changed = query.optional("changed").is_some() && signed_in.caller.led_by_own_page();
    let engine = &signed_in.caller.context.engine;
    let known = engine.particulars(&signed_in.session).await;
    let known = known.map_err(Failure::store)?;
    let name = signed_in.session.profile().name();
    let typed = known_as_typed(name.as_str(), &known);
    let page = ProfilePage {
        details: details::form(&signed_in.caller, &typed),
        changed,
        ..ProfilePage::default()
    };
    form(&signed_in, StatusCode::OK, known.language.as_str(), page)
}

/// Keeps what was typed.
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let fields = signed_in.check(posted)?.fields;
    let engine = &caller.context.engine;
    let policy = engine.policy();
    let typed = details::typed(&fields, &policy.registration);
    let language = fields.required("language")?;
    if !caller.context.texts.tags().any(|tag| tag == language) {
        return Err(Failure::of(Code::BadRequest).because(NoSuchLanguage));
    }
    let change = ChangeProfile {
        name: fields.required("name")?,
        language,
        answers: &typed.answers,
    };
    let outcome = engine
        .change_profile(&signed_in.session, change, &caller.visit)
        .await;
    let fault = match outcome {
        Ok(()) => return Ok(Redirect::to(&format!("{PATH}?changed=1")).into_response()),
        Err(ChangeProfileError::Profile(fault)) => Fault::of(fault, change.name),
        Err(ChangeProfileError::Ended) => return Ok(to_login(PATH).into_response()),
        Err(ChangeProfileError::NotNow(cause)) => return Err(Failure::not_now(cause).back(PATH)),
    };
    let page = ProfilePage {
        details: details::faulty(details::form(caller, &typed), &fault),
        ..ProfilePage::default()
    };
    form(&signed_in, Code::Invalid.status(), language, page)
}

fn known_as_typed<'a>(name: &'a str, known: &'a Particulars) -> Typed<'a> {
    Typed {
        name,
        answers: known.details.iter().collect(),
        terms: true,
    }
}

fn form(
    signed_in: &SignedIn,
    status: StatusCode,
    language: &str,
    page: ProfilePage,
) -> Result<Response, Failure> {
    let texts = &signed_in.caller.context.texts;
    let chosen = texts.of(language).lang();
    let languages = texts.tags().map(|tag| LanguageChoice {
        tag,
        name: texts.of(tag).text("profile-language-own").into_owned(),
        chosen: tag == chosen,
    });
    let page = ProfilePage {
        csrf: signed_in.token()?,
        // The terms were accepted when the account was made.
        details: Details {
            terms: None,
            ..page.details
        },
        languages: languages.collect(),
        ..page
    };
    signed_in.page(status, &page)
}

#[derive(Debug, thiserror::Error)]
#[error("a profile names a language that there is not")]
struct NoSuchLanguage;
