//! `/console/applications/{name}/secret`: a new secret, shown once in the answer and nowhere else. The one before stays good
//! until the next rotation, or ends at once (ASVS 13.3.4). GET says so, POST does it.

use axum::extract::Path;
use axum::response::Response;
use vestibule_core::application::Application;
use vestibule_engine::RotateSecret;

use super::{find, path};
use crate::browser::form::{Fields, Posted, Query};
use crate::browser::fresh::{self, Act};
use crate::console::Administrator;
use crate::errors::{Code, Failure};
use crate::views::{ApplicationVerb, ConsoleAct, FreshFor, SecretPage};

/// Says what will happen.
pub async fn get(
    by: Administrator,
    Path(name): Path<String>,
    Query(query): Query,
) -> Result<Response, Failure> {
    let application = find(&by, &name).await?;
    fresh::confirm(&by.0, announced(&application, keeps(&query)))
}

/// Makes and shows it.
pub async fn post(
    by: Administrator,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let application = find(&by, &name).await?;
    let keeps = keeps(&form.fields);
    let acting = match by.act(&form, announced(&application, keeps)).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let engine = &by.context().engine;
    let rotated = engine.rotate_secret(application.id, keeps, &acting.operator);
    let answer = match rotated.await {
        Ok(RotateSecret::Rotated {
            secret,
            application,
        }) => by.page(&SecretPage {
            path: path(&application),
            title: application.spec.title().to_owned(),
            client_id: application.id.to_string(),
            secret: secret.encode(),
            previous: application.secrets.len() > 1,
        }),
        Ok(RotateSecret::Unknown) => Err(Failure::of(Code::NotFound)),
        Err(error) => Err(Failure::store(error)),
    };
    Ok(acting.answer(&by, answer))
}

/// Whether the one before stays good: it does unless the form says otherwise.
fn keeps(fields: &Fields) -> bool {
    fields.optional("previous") != Some("ends")
}

fn announced(application: &Application, keeps: bool) -> Act {
    let here = path(application);
    let previous = if keeps { "stays" } else { "ends" };
    Act {
        action: format!("{here}/secret").into(),
        fields: vec![("previous".to_owned(), previous.to_owned())],
        cancel: here.into(),
        purpose: FreshFor::Console(ConsoleAct::Application {
            verb: ApplicationVerb::Rotate { keeps },
            name: application.spec.title().to_owned(),
        }),
    }
}
