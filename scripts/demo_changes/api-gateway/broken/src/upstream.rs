//! Upstreams: a request goes on, and its answer comes back, each without what belongs to one connection.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::Value;
use worker::wasm_bindgen::JsValue;
use worker::{
    AbortController, Delay, Env, Fetch, Headers, Request, RequestInit, RequestRedirect, Response,
    console_error, console_log, web_sys,
};

use crate::header::{HOP_BY_HOP, named_by_connection};
use crate::refusal::Refusal;
use crate::{Admitted, route, text, variable};

/// How long an upstream may take to begin its answer, in seconds, where `PATIENCE` says nothing else.
const PATIENCE: u64 = 15;

/// Ask the upstream of the route; its answer comes with headers that can be changed.
pub async fn ask(admitted: &Admitted<'_>, env: &Env) -> Result<Response, Refusal> {
    let address = variable(env, admitted.route.upstream);
    let log = |what: &str| console_error!("{} {}: {}", admitted.id, admitted.route.upstream, what);
    if address.is_empty() {
        log("the variable is not set");
        return Err(Refusal::BadGateway);
    }
    let url = [address.trim_end_matches('/'), route::target(&admitted.url)].concat();
    let request = Request::new_with_init(&url, &init(admitted).await?).map_err(|error| {
        log(&error.to_string());
        Refusal::BadGateway
    })?;
    let request = Fetch::Request(request);
    let patience = variable(env, "PATIENCE").parse().unwrap_or(PATIENCE);
    let abort = AbortController::default();
    let signal = abort.signal();
    let answer = pin!(request.send_with_signal(&signal));
    match select(answer, pin!(Delay::from(Duration::from_secs(patience)))).await {
        Either::Left((Ok(response), _)) => Ok(writable(response)?),
        Either::Left((Err(error), _)) => {
            log(&error.to_string());
            Err(Refusal::BadGateway)
        }
        Either::Right(_) => {
            abort.abort();
            log("no answer in time");
            Err(Refusal::GatewayTimeout)
        }
    }
}

async fn init(admitted: &Admitted<'_>) -> Result<RequestInit, Refusal> {
    let headers = end_to_end(admitted.request.headers())?;
    // The key is for the gateway alone; the upstream learns whose it was, from nobody but the gateway.
    headers.delete("x-api-key")?;
    headers.set("x-caller", &admitted.caller)?;
    headers.set("x-request-id", admitted.id)?;
    // The runtime speaks to the upstream in encodings of its own.
    headers.delete("accept-encoding")?;
    let mut init = RequestInit::new();
    init.with_method(admitted.request.method())
        .with_headers(headers)
        // A redirect is the caller's to follow.
        .with_redirect(RequestRedirect::Manual)
        .with_body(body(admitted).await?);
    Ok(init)
}

/// The body, where it is JSON that can be read, written anew; nothing else gets to an upstream.
async fn body(admitted: &Admitted<'_>) -> Result<Option<JsValue>, Refusal> {
    if admitted.request.inner().body().is_none() {
        return Ok(None);
    }
    let text = admitted.request.clone()?.text().await?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        console_error!("{}: {error:?}", admitted.id);
        Refusal::UnsupportedMediaType
    })?;
    console_log!("{}: {value:#?}", admitted.id);
    Ok(Some(JsValue::from(value.to_string())))
}

/// The answer with headers of its own, which can be changed, and without those that belong to one connection.
pub fn writable(response: Response) -> worker::Result<Response> {
    let (builder, body) = response.into_parts();
    let response = builder.body(body);
    let headers = end_to_end(response.headers())?;
    Ok(response.with_headers(headers))
}

fn end_to_end(headers: &Headers) -> worker::Result<Headers> {
    let copy = Headers(web_sys::Headers::new_with_headers(&headers.0)?);
    for name in named_by_connection(&text(headers, "connection")).chain(HOP_BY_HOP) {
        copy.delete(name)?;
    }
    Ok(copy)
}
