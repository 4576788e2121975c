//! `/api/openapi.json` and `/api/docs`: the contract, for programs and for people.

use std::sync::Arc;

use axum::Extension;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::browser::caller::Visitor;
use crate::errors::Failure;
use crate::views::{ApiDocsPage, ApiOperation, ApiParameter, ApiRoom, ApiShape};

/// The document, made ready once.
pub struct Contract {
    json: String,
    page: ApiDocsPage,
}

impl Contract {
    /// Of the finished document.
    pub fn of(document: &OpenApi) -> Self {
        let json = document.to_pretty_json().unwrap_or_default();
        let read = serde_json::from_str(&json).unwrap_or_default();
        Self {
            page: page_of(&read),
            json,
        }
    }
}

/// The contract of this API: OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "show_contract",
    tag = "contract",
    responses((status = 200, description = "This document", body = serde_json::Value)),
)]
pub async fn json(Extension(contract): Extension<Arc<Contract>>) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, contract.json.clone()).into_response()
}

/// The same as a page.
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "read_contract",
    tag = "contract",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")),
)]
pub async fn page(
    Visitor(caller): Visitor,
    Extension(contract): Extension<Arc<Contract>>,
) -> Result<Response, Failure> {
    caller.page(StatusCode::OK, &contract.page)
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
