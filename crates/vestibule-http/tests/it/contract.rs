//! Every answer under `/api` that any test of these gets is held to the committed contract, `docs/reference/openapi.json`: the
//! annotations that it comes from could lie.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex};

use axum::body::Body;
use http::{Method, Request, StatusCode};
use jsonschema::Validator;
use serde_json::{Value, json};
use vestibule_http::OperatorUid;
use vestibule_http::api::document;

use crate::house::Answer;

/// What was asked.
pub struct Asked {
    method: Method,
    path: String,
    /// On the control socket, which answers to more than the contract tells.
    by_operator: bool,
}

impl Asked {
    pub fn of(request: &Request<Body>) -> Self {
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            by_operator: request.extensions().get::<OperatorUid>().is_some(),
        }
    }
}

/// The document, whose answers may have no fields that it does not name.
static CONTRACT: LazyLock<Value> = LazyLock::new(|| {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/openapi.json"
    ));
    let mut document: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let parts = parts_of_others(&document["components"]["schemas"]);
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    for (name, schema) in schemas {
        let closed = schema.get("additionalProperties").is_some();
        let whole = schema["type"] == "object" || schema.get("allOf").is_some();
        if whole && !closed && !parts.contains(name) {
            schema["unevaluatedProperties"] = json!(false);
        }
    }
    document
});

/// What is flattened into others, and so is open.
fn parts_of_others(schemas: &Value) -> BTreeSet<String> {
    let schemas = schemas.as_object().unwrap().values();
    let of_all = schemas.filter_map(|schema| schema.get("allOf")?.as_array());
    let named = of_all
        .flatten()
        .filter_map(|part| part.get("$ref")?.as_str());
    named
        .map(|part| part.rsplit('/').next().unwrap().to_owned())
        .collect()
}

/// Compiled once a schema.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Validator>>> = LazyLock::new(Mutex::default);

/// Whether this answer is one that the contract tells of.
pub fn holds(asked: &Asked, answer: &Answer) {
    let ours = ["/api/", "/vestibule/session/"];
    let whole = format!("{}/", asked.path);
    if !ours.iter().any(|room| whole.starts_with(room)) {
        return;
    }
    let told = operation(asked).map(|operation| &operation["responses"]);
    let Some(told) = told else {
        let refused = answer.status.is_client_error() || answer.status.is_server_error();
        assert!(
            asked.by_operator || refused,
            "the contract lacks {} {}",
            asked.method,
            asked.path
        );
        if refused {
            matches(
                &json!({"$ref": "#/components/schemas/Problem"}),
                asked,
                answer,
            );
        }
        return;
    };
    let status = answer.status.as_u16().to_string();
    let response = told.get(&status).unwrap_or(&told["default"]);
    assert!(
        told.get(&status).is_some() || !answer.status.is_success(),
        "the contract tells of no {status} to {} {}",
        asked.method,
        asked.path
    );
    let Some(content) = response.get("content") else {
        assert_eq!(answer.body, "", "{} {}", asked.method, asked.path);
        return;
    };
    let content_type = answer.header("content-type");
    let essence = content_type.split(';').next().unwrap();
    let schema = content
        .get(essence)
        .unwrap_or_else(|| panic!("{} {}: not {content_type:?}", asked.method, asked.path));
    if let Some(schema) = schema.get("schema") {
        matches(schema, asked, answer);
    }
}

fn matches(schema: &Value, asked: &Asked, answer: &Answer) {
    // RFC 9110 §9.3.2; and 304 has none.
    if asked.method == Method::HEAD || answer.status == StatusCode::NOT_MODIFIED {
        assert_eq!(answer.body, "");
        return;
    }
    if !answer.header("content-type").contains("json") {
        return;
    }
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let mut validators = VALIDATORS.lock().unwrap();
    let validator = validators.entry(schema.to_string()).or_insert_with(|| {
        let mut whole = schema.clone();
        whole["components"] = CONTRACT["components"].clone();
        jsonschema::draft202012::new(&whole).unwrap()
    });
    let faults: Vec<_> = validator
        .iter_errors(&body)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    drop(validators);
    assert!(
        faults.is_empty(),
        "{} {}: {faults:?} in {body}",
        asked.method,
        asked.path
    );
}

fn operation(asked: &Asked) -> Option<&'static Value> {
    let paths = CONTRACT["paths"].as_object().unwrap();
    let item = paths.get(&asked.path).or_else(|| {
        let mut templates = paths
            .iter()
            .filter(|(template, _)| fits(template, &asked.path));
        templates.next().map(|(_, item)| item)
    })?;
    let method = asked.method.as_str().to_lowercase();
    item.get(&method)
        .or_else(|| item.get("get").filter(|_| asked.method == Method::HEAD))
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(told, asked)| told == asked || (told.starts_with('{') && !asked.is_empty()))
}

/// The committed contract is the product's: `cargo xtask check` holds it to the letter.
#[test]
fn the_contract_has_every_route_and_names_each_operation_once() {
    let made = serde_json::to_value(document()).unwrap();
    let operations = |document: &Value| -> Vec<String> {
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|item| item.as_object().unwrap().values());
        operations
            .filter_map(|operation| Some(operation.get("operationId")?.as_str()?.to_owned()))
            .collect()
    };
    let (mut made, mut committed) = (operations(&made), operations(&CONTRACT));
    made.sort();
    committed.sort();
    assert_eq!(made, committed, "run `cargo xtask check --write`");
    assert!(made.is_sorted_by(|one, other| one < other), "{made:?}");
}

#[test]
fn whatever_the_contract_refers_to_is_in_it() {
    fn look(value: &Value) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(CONTRACT.pointer(pointer).is_some(), "{reference}");
        }
        match value {
            Value::Object(members) => members.values().for_each(look),
            Value::Array(items) => items.iter().for_each(look),
            _ => {}
        }
    }
    look(&CONTRACT);
}
