//! What every operation of the contract has, said once: how it is signed in for, and how it says that something went wrong.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, Ref, ResponseBuilder,
    SecurityRequirement,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::problem;

/// Changes when something is taken away or means something else; what is added does not count.
const VERSION: &str = "1";

const ADMINISTRATION: &str = "/api/v1/admin/";

const DESCRIPTION: &str = "What programs, our own pages' scripts and the commands speak. The book's page docs/api.md tells how.";

/// The whole document, from what the handlers say.
pub fn finished(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Vestibule")
        .version(VERSION)
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").build(),
        ))
        .build();
    for (path, item) in &mut document.paths.paths {
        for (is_safe, operation) in operations(item) {
            if path.starts_with(ADMINISTRATION) && operation.security.is_none() {
                operation.security = Some(vec![signed_in(is_safe)]);
            }
            tell_of_problems(operation);
        }
    }
    let components = document.components.get_or_insert_default();
    add_security(components);
    let name = problem::Wire::name().into_owned();
    components.schemas.insert(name, problem::Wire::schema());
    document
}

/// Those of a path, and whether they change nothing.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let safe = [&mut item.get, &mut item.head, &mut item.options];
    let unsafe_ = [
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ];
    let safe = safe
        .into_iter()
        .flatten()
        .map(|operation| (true, operation));
    safe.chain(
        unsafe_
            .into_iter()
            .flatten()
            .map(|operation| (false, operation)),
    )
}

/// By the cookie, and where something changes by the token besides.
fn signed_in(is_safe: bool) -> SecurityRequirement {
    let none: [&str; 0] = [];
    let session = SecurityRequirement::new("session", none);
    if is_safe {
        session
    } else {
        session.add("csrf", none)
    }
}

fn tell_of_problems(operation: &mut Operation) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(problem::Wire::name())));
    let problem = ResponseBuilder::new()
        .description("What went wrong (RFC 9457)")
        .content("application/problem+json", content.build());
    let responses = &mut operation.responses.responses;
    responses.insert("default".to_owned(), problem.build().into());
}

fn add_security(components: &mut Components) {
    let cookie = ApiKeyValue::with_description(
        "__Host-vestibule",
        "The session's cookie, as POST /api/v1/login or the sign-in page set it. On http loopback its name is vestibule-PORT.",
    );
    let token = ApiKeyValue::with_description(
        "X-CSRF-Token",
        "csrf_token of GET /api/v1/session. Origin or Sec-Fetch-Site must show the same origin besides.",
    );
    let application = Http::builder()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("An application's client_id and secret."));
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let on_application = ApiKeyValue::with_description(
        "__Host-vestibule-app",
        "The app session's cookie, on the application's own host alone. On http loopback its name is vestibule-app-PORT.",
    );
    components.add_security_scheme(
        "app_session",
        SecurityScheme::ApiKey(ApiKey::Cookie(on_application)),
    );
    components.add_security_scheme("csrf", SecurityScheme::ApiKey(ApiKey::Header(token)));
    components.add_security_scheme("application", SecurityScheme::Http(application.build()));
}
