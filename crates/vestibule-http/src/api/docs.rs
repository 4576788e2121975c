//! `/api/openapi.json` and `/api/docs`: the contract, for programs and for people.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::Extension;
use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::api::request::is_known;
use crate::assets::fnv1a;
use crate::browser::caller::{Caller, Visitor};
use crate::errors::{Code, Failure};
use crate::views::{ApiDocsPage, ApiOperation, ApiParameter, ApiRoom, ApiShape, Page as _};

/// The document, made ready once; the page in each language when somebody first asks for it.
pub struct Contract {
    json: Made,
    page: ApiDocsPage,
    pages: Mutex<HashMap<&'static str, Made>>,
}

/// The contract, made when somebody first asks for it.
pub type Lazily = LazyLock<Contract>;

/// What is the same for everybody until the next version of this server.
#[derive(Clone)]
struct Made {
    content_type: &'static str,
    bytes: Bytes,
    etag: HeaderValue,
}

impl Contract {
    /// Of the finished document.
    pub fn of(document: &OpenApi) -> Self {
        let json = document.to_pretty_json().unwrap_or_default();
        let read = serde_json::from_str(&json).unwrap_or_default();
        Self {
            page: page_of(&read),
            json: Made::of("application/json", json),
            pages: Mutex::default(),
        }
    }

    fn page(&self, caller: &Caller) -> Result<Made, Failure> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let lang = caller.tongue().lang();
        if let Some(made) = pages.get(lang) {
            return Ok(made.clone());
        }
        let html = self.page.render(&caller.frame());
        let html = html.map_err(|error| Failure::of(Code::Internal).because(error))?;
        let made = Made::of("text/html; charset=utf-8", html);
        pages.insert(lang, made.clone());
        Ok(made)
    }
}

impl Made {
    fn of(content_type: &'static str, text: String) -> Self {
        let bytes = Bytes::from(text);
        let etag = format!("\"{:016x}\"", fnv1a(&bytes));
        Self {
            content_type,
            etag: HeaderValue::try_from(etag).unwrap_or(HeaderValue::from_static("\"\"")),
            bytes,
        }
    }

    /// Whole, or that it is what the caller has (RFC 9110 §15.4.5). It may be kept, but is asked for each time: a new
    /// version of the server tells of something else.
    fn answer(&self, asked: &HeaderMap) -> Response {
        let headers = [
            (header::ETAG, self.etag.clone()),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ];
        if is_known(asked, &self.etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let of_type = [(header::CONTENT_TYPE, self.content_type)];
        (headers, of_type, self.bytes.clone()).into_response()
    }
}

/// The contract of this API: OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "show_contract",
    tag = "contract",
    responses(
        (status = 200, description = "This document", body = serde_json::Value, headers(("ETag" = String))),
        (status = 304, description = "`If-None-Match` names it"),
    ),
)]
pub async fn json(Extension(contract): Extension<Arc<Lazily>>, asked: HeaderMap) -> Response {
    contract.json.answer(&asked)
}

/// The same as a page.
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "read_contract",
    tag = "contract",
    responses(
        (status = 200, description = "A page", body = String, content_type = "text/html", headers(("ETag" = String))),
        (status = 304, description = "`If-None-Match` names it"),
    ),
)]
pub async fn page(
    Visitor(caller): Visitor,
    Extension(contract): Extension<Arc<Lazily>>,
    asked: HeaderMap,
) -> Result<Response, Failure> {
    let mut answer = contract.page(&caller)?.answer(&asked);
    let by_language = HeaderValue::from_static("Accept-Language");
    answer.headers_mut().insert(header::VARY, by_language);
    Ok(answer)
}

fn page_of(document: &Value) -> ApiDocsPage {
    let mut rooms: Vec<ApiRoom> = Vec::new();
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            let name = text(&operation["tags"][0]);
            let operation = read(method, path, operation);
            match rooms.iter_mut().find(|room| room.name == name) {
                Some(room) => room.operations.push(operation),
                None => rooms.push(ApiRoom {
                    name,
                    operations: vec![operation],
                }),
            }
        }
    }
    let schemas = members(&document["components"]["schemas"]);
    let shapes = schemas.map(|(name, schema)| ApiShape {
        name: name.clone(),
        json: serde_json::to_string_pretty(schema).unwrap_or_default(),
    });
    ApiDocsPage {
        rooms,
        shapes: shapes.collect(),
    }
}

fn read(method: &str, path: &str, operation: &Value) -> ApiOperation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let answers = members(&operation["responses"]).filter(|(status, _)| *status != "default");
    let keys = operation["security"].as_array().into_iter().flatten();
    ApiOperation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: Some(text(&operation["description"])).filter(|text| !text.is_empty()),
        keys: keys
            .map(|keys| {
                members(keys)
                    .map(|(key, _)| key.clone())
                    .collect::<Vec<_>>()
                    .join(" + ")
            })
            .collect(),
        parameters: parameters
            .map(|parameter| ApiParameter {
                name: text(&parameter["name"]),
                place: text(&parameter["in"]),
                required: parameter["required"] == true,
                description: text(&parameter["description"]),
            })
            .collect(),
        body: shape(&operation["requestBody"]["content"]),
        answers: answers
            .map(|(status, answer)| {
                let what = text(&answer["description"]);
                (status.clone(), what, shape(&answer["content"]))
            })
            .collect(),
    }
}

/// The name of what is sent or answered, if it has one.
fn shape(content: &Value) -> Option<String> {
    let (_, of_type) = members(content).next()?;
    let reference = of_type["schema"]["$ref"].as_str()?;
    reference.rsplit('/').next().map(str::to_owned)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
