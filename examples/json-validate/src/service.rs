//! The service: which requests there are, and what is answered when one is wrong. message -> Response.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use crate::http::{Request, Response};
use crate::limits::{BODY_BYTES, check_patterns};
use crate::report::Listed;
use crate::schemas::{Compiled, EMBEDDED, Unusable, inline, named};

const USAGE: &str = "\
Validates JSON against JSON Schemas: drafts 4, 6, 7, 2019-09 and 2020-12.

  POST /validate/NAME   the body is validated against a schema of GET /schemas
  POST /validate        the body is {\"schema\": …, \"instance\": …}
  GET /schemas          the names
  GET /schemas/NAME     a schema

  200 {\"valid\":true}; 422 {\"valid\":false,\"errors\":[{\"instance\",\"schema\",\"message\"}]}, with JSON pointers into both.

  curl --json '{\"schema\": {\"type\": \"string\"}, \"instance\": 1}' https://…/validate
";

/// A body with its schema. The schema stays text: where it is known, it is not parsed again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inline<'a> {
    #[serde(borrow)]
    schema: &'a RawValue,
    instance: Value,
}

/// The answer to an instance that is not valid; its fields are in this order.
#[derive(Serialize)]
struct Invalid {
    valid: bool,
    #[serde(flatten)]
    listed: Listed,
}

pub fn answer(message: &[u8]) -> Response {
    let Some(request) = Request::parse(message) else { return refuse(400, "this is no HTTP request") };
    match (request.path, request.method) {
        ("/", "GET" | "HEAD") => cached(Response::new(200, "text/plain; charset=utf-8", USAGE)),
        ("/schemas", "GET" | "HEAD") => cached(respond(200, &json!({"schemas": names()}))),
        ("/validate", "POST") => validate_inline(&request).unwrap_or_else(|refusal| refusal),
        ("/" | "/schemas", _) => refuse(405, "GET this").with("allow", "GET, HEAD"),
        ("/validate", _) => refuse(405, "POST {\"schema\": …, \"instance\": …}").with("allow", "POST"),
        (path, _) => match (path.strip_prefix("/validate/"), path.strip_prefix("/schemas/")) {
            (Some(name), _) => validate_named(&request, name).unwrap_or_else(|refusal| refusal),
            (_, Some(name)) => show(&request, name),
            _ => refuse(404, "there are /, /schemas, /schemas/NAME, /validate and /validate/NAME"),
        },
    }
}

fn show(request: &Request, name: &str) -> Response {
    match EMBEDDED.iter().find(|(known, _)| *known == name) {
        None => no_schema(),
        Some(_) if !matches!(request.method, "GET" | "HEAD") => refuse(405, "GET this").with("allow", "GET, HEAD"),
        Some((_, text)) => cached(Response::new(200, "application/schema+json", *text)),
    }
}

fn validate_named(request: &Request, name: &str) -> Result<Response, Response> {
    if !EMBEDDED.iter().any(|(known, _)| *known == name) {
        return Err(no_schema());
    }
    if request.method != "POST" {
        return Err(refuse(405, "POST what is to be validated").with("allow", "POST"));
    }
    check_body(request)?;
    let instance = serde_json::from_slice(request.body).map_err(|error| malformed(&error))?;
    let (schema, kept) = named(name).ok_or_else(no_schema)?.map_err(unusable)?;
    Ok(judge(&schema, kept, &instance))
}

fn validate_inline(request: &Request) -> Result<Response, Response> {
    check_body(request)?;
    // serde would take a list of the two, as well.
    if request.body.trim_ascii_start().starts_with(b"[") {
        return Err(refuse(400, "the body is an object with `schema` and `instance`"));
    }
    let body: Inline = serde_json::from_slice(request.body).map_err(|error| malformed(&error))?;
    let (schema, kept) = inline(body.schema.get()).map_err(unusable)?;
    if schema.regex_format {
        check_patterns(&body.instance).map_err(|problem| refuse(413, &format!("in the instance, {problem}")))?;
    }
    Ok(judge(&schema, kept, &body.instance))
}

fn judge(schema: &Rc<Compiled>, kept: bool, instance: &Value) -> Response {
    let response = match schema.problems(instance) {
        None => respond(200, &json!({"valid": true})),
        Some(listed) => respond(422, &Invalid { valid: false, listed }),
    };
    // RFC 9211, of the compiled schemas.
    response.with("cache-status", if kept { "schemas; hit" } else { "schemas; fwd=miss; stored" })
}

/// What can be said before the body is read. A form of another site cannot send this content-type without being asked.
fn check_body(request: &Request) -> Result<(), Response> {
    if request.header("content-encoding").is_some_and(|encoding| encoding != "identity") {
        return Err(refuse(415, "send the JSON itself, without a content-encoding"));
    }
    let given = request.header("content-type").unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media_type != "application/json" && !(media_type.starts_with("application/") && media_type.ends_with("+json")) {
        return Err(refuse(415, "the content-type is application/json").with("accept-post", "application/json"));
    }
    if request.body.len() > BODY_BYTES {
        return Err(respond(413, &json!({"error": "the body is too large", "limit": BODY_BYTES})));
    }
    Ok(())
}

/// serde_json ends its messages with the place, which has fields of its own here.
fn malformed(error: &serde_json::Error) -> Response {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let reason = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    let what = if error.is_data() { "the body is not what is expected" } else { "the body is no JSON" };
    respond(400, &json!({"error": format!("{what}: {reason}"), "line": line, "column": column}))
}

fn unusable(reason: Unusable) -> Response {
    match reason {
        Unusable::TooMuch(problem) => refuse(413, &problem),
        Unusable::Remote(url) => {
            let error = "the schema refers to a document that is not part of this service; nothing is fetched";
            respond(400, &json!({"error": error, "document": url}))
        }
        Unusable::Invalid(listed) => {
            respond(400, &json!({"error": "the schema breaks the rules of its draft", "errors": listed.errors}))
        }
        Unusable::Other(problem) => refuse(400, &format!("the schema cannot be used: {problem}")),
    }
}

fn no_schema() -> Response {
    respond(404, &json!({"error": "there is no such schema", "schemas": names()}))
}

fn names() -> Vec<&'static str> {
    EMBEDDED.iter().map(|(name, _)| *name).collect()
}

/// The embedded schemas change with a deployment only.
fn cached(response: Response) -> Response {
    response.with("cache-control", "public, max-age=300")
}

fn refuse(status: u16, problem: &str) -> Response {
    respond(status, &json!({"error": problem}))
}

fn respond(status: u16, body: &impl Serialize) -> Response {
    // Nothing of what is written here can fail: texts and numbers, with texts for keys.
    let mut text = serde_json::to_string(body).unwrap_or_default();
    text.push('\n');
    Response::new(status, "application/json", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(path: &str, body: &str) -> (u16, String) {
        let message = format!("POST {path} HTTP/1.1\r\ncontent-type: application/json\r\n\r\n{body}");
        let response = answer(message.as_bytes());
        (response.status, String::from_utf8(response.body).unwrap())
    }

    #[test]
    fn requests_go_where_they_belong() {
        let status = |message: &str| answer(message.as_bytes()).status;

        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 200);
        assert_eq!(status("GET /schemas/order HTTP/1.1\r\n\r\n"), 200);
        assert_eq!(status("GET /schemas/other HTTP/1.1\r\n\r\n"), 404);
        assert_eq!(status("PUT /schemas/order HTTP/1.1\r\n\r\n"), 405);
        assert_eq!(status("GET /validate/order HTTP/1.1\r\n\r\n"), 405);
        assert_eq!(status("POST /validate/other HTTP/1.1\r\n\r\n"), 404);
        assert_eq!(status("POST /validate/order HTTP/1.1\r\n\r\n{}"), 415);
        assert_eq!(status("nonsense"), 400);
    }

    #[test]
    fn an_error_has_two_pointers() {
        let (status, body) = post(
            "/validate",
            r##"{"schema": {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"not": true}}}, "instance": [1]}"##,
        );

        assert_eq!(status, 422);
        assert_eq!(
            body,
            "{\"valid\":false,\"errors\":[{\"instance\":\"/0\",\"schema\":\"/$defs/a/not\",\"message\":\"not failed\"}]}\n"
        );
    }

    #[test]
    fn malformed_json_has_a_place() {
        let (status, body) = post("/validate/order", "{\n  \"id\": 1,\n  id}");

        assert_eq!(status, 400);
        assert_eq!(body, "{\"column\":3,\"error\":\"the body is no JSON: key must be a string\",\"line\":3}\n");
    }

    #[test]
    fn an_order_is_valid() {
        let address = r#"{"street": "Bahnhofstrasse 1", "city": "Zürich", "country": "CH"}"#;
        let order = format!(
            r#"{{"id": "o-000001", "customer": {{"name": "A", "email": "a@example.com"}}, "ship-to": {address}, "currency": "CHF",
                "items": [{{"sku": "ABC-1234", "quantity": 2, "price": 0.1}}]}}"#
        );

        assert_eq!(post("/validate/order", &order), (200, "{\"valid\":true}\n".into()));
        assert_eq!(post("/validate/order", &order.replace("CHF", "XYZ")).0, 422);
    }
}
