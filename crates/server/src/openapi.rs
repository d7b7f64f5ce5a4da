//! The OpenAPI 3.1 document, made from the table of routes and the types of their bodies.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::problem::ProblemView;
use crate::routes::{Area, Route, schema, table, uploads};

/// The document.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.definitions_path = "/components/schemas".into();
        s.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = schema::<ProblemView>(&mut generator);
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in table(false).into_iter().filter(|route| route.area != Area::Tea) {
        let path = route.path.replace("{*path}", "{path}");
        let operation = operation(&route, &mut generator);
        paths.entry(path).or_default().insert(route.method.as_str().to_lowercase(), operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sukashi",
            "version": "1",
            "description": "Security transparency along the supply chain. What you may not see answers like what does not exist.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": {"Problem": {
                "description": "a problem document (RFC 9457)",
                "content": {"application/problem+json": {"schema": problem}},
            }},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": crate::caller::COOKIE},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"session": []}, {"token": []}],
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let describes = &route.describes;
    let mut answer = json!({"description": describes.summary});
    let content = match describes.gives {
        Some(gives) => Some(json!({"schema": gives(generator)})),
        None if describes.media_type.is_empty() => None,
        None => Some(json!({})),
    };
    if let (Some(content), Some(answer)) = (content, answer.as_object_mut()) {
        answer.insert("content".to_owned(), json!({describes.media_type: content}));
    }
    // Where another standard's protocol is spoken, its errors are texts.
    let problem = match route.path.starts_with("/witness/") {
        true => json!({"description": "why not (C2SP tlog-witness)", "content": {
            "text/plain": {}, "text/x.tlog.size": {}, "application/problem+json": {},
        }}),
        false => json!({"$ref": "#/components/responses/Problem"}),
    };
    let mut operation = json!({
        "summary": describes.summary,
        "operationId": operation_id(route),
        "responses": {describes.status.to_string(): answer, "default": problem},
    });
    let Some(object) = operation.as_object_mut() else { return operation };
    let parameters = parameters(route);
    if !parameters.is_empty() {
        object.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if let Some(takes) = describes.takes {
        let body = json!({"content": {"application/json": {"schema": takes(generator)}}});
        object.insert("requestBody".to_owned(), body);
    }
    if route.path == uploads::PIECES {
        let body = json!({"required": true, "content": {"application/octet-stream": {}}});
        object.insert("requestBody".to_owned(), body);
    }
    if is_open(route) {
        object.insert("security".to_owned(), json!([]));
    }
    operation
}

fn is_open(route: &Route) -> bool {
    route.area == Area::Open || route.path == "/api/v1/login"
}

fn operation_id(route: &Route) -> String {
    let words = route
        .path
        .trim_start_matches("/api/v1")
        .split(['/', '{', '}', '*', '.', '-'])
        .filter(|w| !w.is_empty());
    let words: Vec<_> = words.collect();
    format!("{}-{}", route.method.as_str().to_lowercase(), words.join("-"))
}

fn parameters(route: &Route) -> Vec<Value> {
    let parameter = |place: &str, name: &str, required: bool| json!({"name": name, "in": place, "required": required, "schema": {"type": "string"}});
    let segments = route.path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'));
    let in_path = segments.map(|name| parameter("path", name.trim_start_matches('*'), true));
    let in_query = route.describes.query.iter().map(|name| parameter("query", name, false));
    let token = (route.path == "/login").then(|| parameter("query", "token", true));
    in_path.chain(in_query).chain(token).collect()
}
