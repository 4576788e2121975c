//! Applications.

pub mod secret;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_core::application::{
    Application, ApplicationName, ApplicationSpec, Demand, Kind, MethodName, PathPattern, Rule,
};
use vestibule_core::origin::Origin;
use vestibule_core::session::Acr;
use vestibule_core::user::{DisplayName, Role};
use vestibule_engine::applications::{DemandError, Said, contradiction, dropped};
use vestibule_store::{PutApplication, RemoveApplication};

use super::reach::{DryRun, ReachBody};
use crate::api::problem::{self, Code, Problem};
use crate::api::request::{Asked, Given, Named, Told, answer};
use crate::api::time::Utc;
use crate::context::Context;
use crate::texts::{Arg, Msg, msg};

/// An application as somebody describes it. What `GET` shows can be sent back: what is not the describer's is passed over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationDescription)]
pub struct Description {
    #[schema(value_type = String)]
    name: ApplicationName,
    #[serde(default)]
    title: String,
    #[serde(default)]
    kind: Option<String>,
    #[schema(value_type = Vec<String>)]
    origins: Vec<Origin>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    acr: Option<Acr>,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    cross_site: bool,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    allowed_origins: Vec<Origin>,
    #[serde(default)]
    preflight: bool,
    #[serde(default)]
    rules: Vec<RuleDescription>,
    #[serde(default, rename = "client_id")]
    #[schema(value_type = Option<serde_json::Value>)]
    _client_id: IgnoredAny,
    #[serde(default, rename = "issuer")]
    #[schema(value_type = Option<serde_json::Value>)]
    _issuer: IgnoredAny,
    #[serde(default, rename = "declared")]
    #[schema(value_type = Option<serde_json::Value>)]
    _declared: IgnoredAny,
    #[serde(default, rename = "has_secret")]
    #[schema(value_type = Option<serde_json::Value>)]
    _has_secret: IgnoredAny,
    #[serde(default, rename = "created_at")]
    #[schema(value_type = Option<serde_json::Value>)]
    _created_at: IgnoredAny,
}

/// An exception.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleDescription)]
struct RuleDescription {
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    paths: Vec<PathPattern>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    methods: Vec<MethodName>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    roles: Option<Vec<Role>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    acr: Option<Acr>,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    cross_site: bool,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    allowed_origins: Vec<Origin>,
    #[serde(default)]
    preflight: bool,
}

impl Description {
    fn read(self) -> Result<ApplicationSpec, Problem> {
        let wrong = || Problem::new(Code::InvalidApplication);
        let demand = Demand {
            public: self.public,
            roles: self.roles,
            acr: self.acr,
            cross_site: self.cross_site,
            origins: self.allowed_origins,
            preflight: self.preflight,
        };
        if let Some(why) = contradiction(&demand) {
            return Err(wrong().saying(&why));
        }
        let rules = self.rules.into_iter().enumerate();
        let rules = rules.map(|(n, rule)| {
            rule.read(&demand).map_err(|why| {
                let args = vec![
                    ("rule", (n + 1).into()),
                    ("why", Arg::Message(problem::demand(why))),
                ];
                wrong().told(msg("problem-rule"), args)
            })
        });
        let spec = ApplicationSpec {
            rules: rules.collect::<Result<_, _>>()?,
            name: self.name,
            title: DisplayName::parse(&self.title).map_err(|why| wrong().saying(&why))?,
            kind: kind(self.kind.as_deref())?,
            origins: self.origins,
            demand,
        };
        spec.checked().map_err(|why| wrong().saying(&why))
    }
}

impl RuleDescription {
    fn read(self, own: &Demand) -> Result<Rule, DemandError> {
        let said = Said {
            roles: self.roles.is_some(),
            acr: self.acr.is_some(),
        };
        let demand = Demand {
            public: self.public,
            roles: self.roles.unwrap_or_default(),
            acr: self.acr,
            cross_site: self.cross_site,
            origins: self.allowed_origins,
            preflight: self.preflight,
        };
        if let Some(why) = contradiction(&demand).or_else(|| dropped(own, &demand, said)) {
            return Err(why);
        }
        Ok(Rule {
            paths: self.paths,
            methods: self.methods,
            demand,
        })
    }
}

fn kind(text: Option<&str>) -> Result<Kind, Problem> {
    let Some(text) = text else {
        return Ok(Kind::Proxy);
    };
    Kind::parse(text).ok_or_else(|| {
        let message = if Kind::TO_COME.contains(&text) {
            msg("problem-kind-to-come")
        } else {
            msg("problem-no-such-kind")
        };
        let args = vec![("kind", format!("{text:?}").into())];
        Problem::new(Code::InvalidApplication).told(message, args)
    })
}

#[derive(Serialize, ToSchema)]
#[schema(as = Demand)]
struct DemandBody<'a> {
    #[schema(value_type = Vec<String>)]
    roles: &'a [Role],
    #[schema(value_type = Option<String>)]
    acr: Option<Acr>,
    public: bool,
    cross_site: bool,
    #[schema(value_type = Vec<String>)]
    allowed_origins: &'a [Origin],
    preflight: bool,
}

impl<'a> From<&'a Demand> for DemandBody<'a> {
    fn from(demand: &'a Demand) -> Self {
        Self {
            roles: &demand.roles,
            acr: demand.acr,
            public: demand.public,
            cross_site: demand.cross_site,
            allowed_origins: &demand.origins,
            preflight: demand.preflight,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Rule)]
struct RuleBody<'a> {
    #[schema(value_type = Vec<String>)]
    paths: &'a [PathPattern],
    #[schema(value_type = Vec<String>)]
    methods: &'a [MethodName],
    #[serde(flatten)]
    demand: DemandBody<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Application)]
struct ApplicationBody<'a> {
    client_id: String,
    #[schema(value_type = String)]
    name: &'a ApplicationName,
    title: &'a str,
    kind: &'static str,
    #[schema(value_type = Vec<String>)]
    origins: &'a [Origin],
    #[serde(flatten)]
    demand: DemandBody<'a>,
    rules: Vec<RuleBody<'a>>,
    /// Where its people sign in.
    issuer: &'a str,
    declared: bool,
    /// It can prove itself with a secret.
    has_secret: bool,
    created_at: Utc,
}

impl<'a> ApplicationBody<'a> {
    fn new(context: &'a Context, application: &'a Application) -> Self {
        let spec = &application.spec;
        let rules = spec.rules.iter().map(|rule| RuleBody {
            paths: &rule.paths,
            methods: &rule.methods,
            demand: DemandBody::from(&rule.demand),
        });
        Self {
            client_id: application.id.to_string(),
            name: &spec.name,
            title: spec.title.as_str(),
            kind: spec.kind.as_str(),
            origins: &spec.origins,
            demand: DemandBody::from(&spec.demand),
            rules: rules.collect(),
            issuer: context.site.issuer.origin(),
            declared: application.declared,
            has_secret: !application.secrets.is_empty(),
            created_at: Utc(application.created_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Applications)]
struct ApplicationsBody<'a> {
    applications: Vec<ApplicationBody<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RemovedApplication)]
struct RemovedBody<'a> {
    #[schema(value_type = String)]
    name: &'a ApplicationName,
    /// Cookies on its hosts that were good until then.
    ended_app_sessions: u64,
    /// Of a dry run: who is signed in there. The sessions themselves live on.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_end: Option<ReachBody>,
}

/// Every application, by name: there are few.
#[utoipa::path(
    get,
    path = "/api/v1/admin/applications",
    operation_id = "list_applications",
    tag = "applications",
    responses((status = 200, description = "Every application", body = ApplicationsBody)),
)]
pub async fn get(State(context): State<Arc<Context>>, _: Given) -> Result<Response, Problem> {
    let all = context.engine.applications().await;
    let all = all.map_err(|error| Problem::store(&error))?;
    let body = ApplicationsBody {
        applications: all
            .iter()
            .map(|application| ApplicationBody::new(&context, application))
            .collect(),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Makes an application known.
#[utoipa::path(
    post,
    path = "/api/v1/admin/applications",
    operation_id = "add_application",
    tag = "applications",
    request_body = Description,
    responses((status = 201, description = "Known from now on", body = ApplicationBody)),
)]
pub async fn post(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Told(told): Told<Description>,
) -> Result<Response, Problem> {
    let spec = read(&context, told)?;
    let name = spec.name.clone();
    let put = context.engine.add_application(spec, &operator).await;
    let put = put.map_err(|error| Problem::store(&error))?;
    match put {
        PutApplication::Put(application) => Ok(answer(
            StatusCode::CREATED,
            &ApplicationBody::new(&context, &application),
        )),
        other => Err(not_put(&other, &name)),
    }
}

/// One application.
#[utoipa::path(
    get,
    path = "/api/v1/admin/applications/{name}",
    operation_id = "show_application",
    tag = "applications",
    params(("name" = String, Path, description = "The name")),
    responses((status = 200, description = "The application", body = ApplicationBody)),
)]
pub async fn get_one(
    State(context): State<Arc<Context>>,
    _: Given,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    let application = find(&context, &name).await?;
    Ok(answer(
        StatusCode::OK,
        &ApplicationBody::new(&context, &application),
    ))
}

/// Describes an application anew, all of it.
#[utoipa::path(
    put,
    path = "/api/v1/admin/applications/{name}",
    operation_id = "describe_application",
    tag = "applications",
    params(("name" = String, Path, description = "The name")),
    request_body = Description,
    responses((status = 200, description = "As it is from now on", body = ApplicationBody)),
)]
pub async fn put(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(name): Named<String>,
    Told(told): Told<Description>,
) -> Result<Response, Problem> {
    let spec = read(&context, told)?;
    let found = find(&context, &name).await?;
    let changed = context
        .engine
        .change_application(found.id, spec, &operator)
        .await;
    let changed = changed.map_err(|error| Problem::store(&error))?;
    match changed {
        PutApplication::Put(application) => Ok(answer(
            StatusCode::OK,
            &ApplicationBody::new(&context, &application),
        )),
        PutApplication::Already => Ok(answer(
            StatusCode::OK,
            &ApplicationBody::new(&context, &found),
        )),
        other => Err(not_put(&other, &found.spec.name)),
    }
}

/// Removes an application; no cookie of it is worth anything any more (ASVS 7.4.1).
#[utoipa::path(
    delete,
    path = "/api/v1/admin/applications/{name}",
    operation_id = "remove_application",
    tag = "applications",
    params(("name" = String, Path, description = "The name"), DryRun),
    responses((status = 200, description = "Removed, or would be", body = RemovedBody)),
)]
pub async fn delete(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(name): Named<String>,
    Asked(asked): Asked<DryRun>,
) -> Result<Response, Problem> {
    let found = find(&context, &name).await?;
    let there = context.engine.reach_of_application(found.id).await;
    let body = |ended_app_sessions, would_end| RemovedBody {
        name: &found.spec.name,
        ended_app_sessions,
        would_end,
    };
    if asked.dry_run {
        if found.declared {
            let message = msg("problem-declared-application");
            return Err(declared(message, found.spec.name.as_str()));
        }
        return Ok(answer(StatusCode::OK, &body(0, Some(there.into()))));
    }
    let removed = context.engine.remove_application(found.id, &operator).await;
    let name = &found.spec.name;
    match removed.map_err(|error| Problem::store(&error))? {
        RemoveApplication::Removed => Ok(answer(StatusCode::OK, &body(there.app_sessions, None))),
        RemoveApplication::Declared => {
            Err(declared(msg("problem-declared-application"), name.as_str()))
        }
        RemoveApplication::Unknown => Err(unknown(name.as_str())),
    }
}

/// C24, ASVS 3.5.4: on the issuer's own host only what is fully trusted.
fn read(context: &Context, told: Description) -> Result<ApplicationSpec, Problem> {
    let spec = told.read()?;
    let site = &context.site;
    match spec.origins.iter().find(|origin| !site.admits(origin)) {
        Some(origin) => {
            let args = vec![("origin", origin.to_string().into())];
            Err(Problem::new(Code::InvalidApplication).told(msg("problem-on-own-host"), args))
        }
        None => Ok(spec),
    }
}

async fn find(context: &Context, name: &str) -> Result<Application, Problem> {
    let Ok(parsed) = name.parse() else {
        return Err(unknown(name));
    };
    let found = context.engine.application(&parsed).await;
    let found = found.map_err(|error| Problem::store(&error))?;
    found.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Problem {
    Problem::new(Code::ApplicationNotFound).told(
        msg("problem-no-application"),
        vec![("name", format!("{name:?}").into())],
    )
}

/// It stands in the settings file, by this name.
pub fn declared(message: Msg, name: &str) -> Problem {
    Problem::new(Code::Declared).told(message, vec![("name", name.to_owned().into())])
}

fn not_put(outcome: &PutApplication, name: &ApplicationName) -> Problem {
    match outcome {
        PutApplication::NameTaken => {
            Problem::new(Code::NameTaken).saying(&msg("problem-application-name-taken"))
        }
        PutApplication::OriginTaken { authority, by } => {
            let args = vec![
                ("authority", authority.clone().into()),
                ("application", by.to_string().into()),
            ];
            Problem::new(Code::OriginTaken).told(msg("problem-origin-of"), args)
        }
        PutApplication::Declared => declared(msg("problem-declared-application"), name.as_str()),
        PutApplication::Put(_) | PutApplication::Already | PutApplication::Unknown => {
            unknown(name.as_str())
        }
    }
}
