//! `/console/applications/add`: an application behind a proxy is made known, and its proxy's configuration follows.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::application::{ApplicationName, ApplicationSpec, Demand, Kind, SpecError};
use vestibule_core::origin::{Origin, ParseOriginError};
use vestibule_core::user::{DisplayName, Role};
use vestibule_store::PutApplication;

use super::{PATH, choices};
use crate::browser::form::{Fields, Posted};
use crate::browser::fresh::Act;
use crate::console::proxies::Proxy;
use crate::console::{Acting, Administrator, role_list};
use crate::errors::{Code, Failure};
use crate::pages::setup::name_fault;
use crate::site::Site;
use crate::views::{
    AddApplicationPage, ApplicationNameFault, ApplicationVerb, ConsoleAct, FreshFor, OriginsFault,
    RolesFault,
};

const HERE: &str = "/console/applications/add";

/// The form.
pub async fn get(by: Administrator) -> Result<Response, Failure> {
    let page = AddApplicationPage {
        proxy: Proxy::Nginx.as_str().to_owned(),
        ..AddApplicationPage::default()
    };
    show(&by, StatusCode::OK, page)
}

/// Makes it known, and leads on to what the proxy needs.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let mut page = typed(&form.fields)?;
    let Some((spec, proxy)) = read(&mut page, &by.context().site) else {
        // RFC 9110 §15.5.21
        return show(&by, StatusCode::UNPROCESSABLE_ENTITY, page);
    };
    let act = Act {
        action: HERE.into(),
        fields: carried(&page),
        cancel: PATH.into(),
        purpose: FreshFor::Console(ConsoleAct::Application {
            verb: ApplicationVerb::Add,
            name: spec.title().to_owned(),
        }),
    };
    let acting = match by.act(&form, act).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let answer = put(&by, &acting, spec, proxy, page).await;
    Ok(acting.answer(&by, answer))
}

async fn put(
    by: &Administrator,
    acting: &Acting,
    spec: ApplicationSpec,
    proxy: Proxy,
    mut page: AddApplicationPage,
) -> Result<Response, Failure> {
    let engine = &by.context().engine;
    let put = engine.add_application(spec, &acting.operator).await;
    match put.map_err(Failure::store)? {
        PutApplication::Put(application) => {
            let (name, proxy) = (&application.spec.name, proxy.as_str());
            let next = format!("{PATH}/{name}/connect?proxy={proxy}&done=added");
            return Ok(Redirect::to(&next).into_response());
        }
        PutApplication::NameTaken => page.faults.name = Some(ApplicationNameFault::Taken),
        PutApplication::OriginTaken { authority, by } => {
            page.faults.origins = Some(OriginsFault::Taken {
                authority,
                by: by.to_string(),
            });
        }
        // Only what is there already can be one of these.
        PutApplication::Already | PutApplication::Declared | PutApplication::Unknown => {
            return Err(Failure::of(Code::BadRequest));
        }
    }
    // RFC 9110 §15.5.10
    show(by, StatusCode::CONFLICT, page)
}

/// Reads what was typed, or tells the page what is wrong with each field.
fn read(page: &mut AddApplicationPage, site: &Site) -> Option<(ApplicationSpec, Proxy)> {
    let title = DisplayName::parse(&page.title);
    if title.is_err() {
        page.faults.title = Some(name_fault(&page.title));
    }
    let name = page.name.trim().parse::<ApplicationName>();
    if name.is_err() {
        page.faults.name = Some(ApplicationNameFault::Malformed);
    }
    let origins = origins(&page.origins, site);
    let roles = roles(page);
    page.faults.roles = roles.as_ref().err().copied();
    let proxy = Proxy::parse(&page.proxy);
    page.faults.proxy = proxy.is_none();
    let origins = origins
        .map_err(|fault| page.faults.origins = Some(fault))
        .ok()?;
    let spec = ApplicationSpec {
        name: name.ok()?,
        title: title.ok()?,
        kind: Kind::Proxy,
        origins,
        demand: Demand {
            roles: roles.ok()?,
            ..Demand::default()
        },
        rules: Vec::new(),
    };
    let spec = spec.checked().map_err(|error| {
        page.faults.origins = Some(match error {
            SpecError::NoOrigin => OriginsFault::Missing,
            SpecError::TooManyOrigins(most) | SpecError::TooManyRules(most) => {
                OriginsFault::TooMany(most)
            }
            SpecError::Twice(authority) => OriginsFault::Twice(authority),
        });
    });
    Some((spec.ok()?, proxy?))
}

/// One a line, or with white space between them.
fn origins(text: &str, site: &Site) -> Result<Vec<Origin>, OriginsFault> {
    let mut origins = Vec::new();
    for line in text.split_whitespace() {
        let origin: Origin = line.parse().map_err(|error| match error {
            ParseOriginError::NeedsHttps(host) => OriginsFault::NeedsHttps(host),
            _ => OriginsFault::Malformed(line.chars().take(100).collect()),
        })?;
        // C24, ASVS 3.5.4: on the issuer's own host only what is fully trusted.
        if !site.admits(&origin) {
            return Err(OriginsFault::IssuersHost(origin.to_string()));
        }
        origins.push(origin);
    }
    if origins.is_empty() {
        return Err(OriginsFault::Missing);
    }
    Ok(origins)
}

fn roles(page: &AddApplicationPage) -> Result<Vec<Role>, RolesFault> {
    if !page.by_role {
        return Ok(Vec::new());
    }
    let roles = role_list::read(&page.roles).map_err(|_| RolesFault::Malformed)?;
    if roles.is_empty() {
        // Nobody is let in by a role that was forgotten: whoever wants any login says so (ASVS 8.3.1).
        return Err(RolesFault::Missing);
    }
    Ok(roles)
}

fn typed(fields: &Fields) -> Result<AddApplicationPage, Failure> {
    Ok(AddApplicationPage {
        title: fields.required("title")?.to_owned(),
        name: fields.required("name")?.to_owned(),
        origins: fields.required("origins")?.to_owned(),
        by_role: fields.required("who")? == "roles",
        roles: fields.required("roles")?.to_owned(),
        proxy: fields.optional("proxy").unwrap_or_default().to_owned(),
        ..AddApplicationPage::default()
    })
}

fn carried(page: &AddApplicationPage) -> Vec<(String, String)> {
    let who = if page.by_role { "roles" } else { "anyone" };
    [
        ("title", page.title.as_str()),
        ("name", &page.name),
        ("origins", &page.origins),
        ("who", who),
        ("roles", &page.roles),
        ("proxy", &page.proxy),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn show(
    by: &Administrator,
    status: StatusCode,
    page: AddApplicationPage,
) -> Result<Response, Failure> {
    let page = AddApplicationPage {
        csrf: by.0.token()?,
        proxies: choices(),
        ..page
    };
    by.0.page(status, &page)
}
