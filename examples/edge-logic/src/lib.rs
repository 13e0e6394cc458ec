//! Decisions at the edge: which variant of a page a visitor gets, in which country it is not shown, and with which
//! headers it leaves. Everything that decides is a plain function over plain values: `cargo test` runs it at home.

use worker::{Context, Env, Error, Request, Response, Result, console_error, event};

mod decide;
use decide::{Variant, cookie, is_blocked, is_on, set_cookie};

/// What every answer carries, errors included. A page that asks for more (scripts, frames) has to loosen it on purpose.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'self'; frame-ancestors 'none'",
    ),
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
    // What is decided for one visitor must not be given to the next one.
    ("cache-control", "private, no-store"),
];

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let mut response = answer(&request, &env).or_else(internal_error)?;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.set(name, value)?;
    }
    Ok(response)
}

fn answer(request: &Request, env: &Env) -> Result<Response> {
    let method = request.inner().method();
    if method != "GET" && method != "HEAD" {
        let mut response = Response::error("only GET and HEAD\n", 405)?;
        response.headers_mut().set("allow", "GET, HEAD")?;
        return Ok(response);
    }
    // The country comes from Cloudflare, which knows the visitor's address; where it is not known, nothing is blocked.
    let country = request.cf().and_then(|cf| cf.country());
    if is_blocked(country.as_deref(), &var(env, "BLOCKED_COUNTRIES")) {
        return Response::error("not available in your country\n", 451);
    }
    match request.path().as_str() {
        "/" => page(request, env, country.as_deref()),
        "/health" => Response::ok("ok\n"),
        _ => Response::error("not found\n", 404),
    }
}

fn page(request: &Request, env: &Env, country: Option<&str>) -> Result<Response> {
    let cookies = request.headers().get("cookie")?.unwrap_or_default();
    let known = cookie(&cookies);
    let variant = known.unwrap_or_else(|| Variant::of(chance()));
    let checkout = if is_on(&var(env, "NEW_CHECKOUT")) {
        "new"
    } else {
        "old"
    };
    let name = variant.name();
    let country = country.unwrap_or("nowhere");
    let mut response = Response::ok(format!(
        "variant {name}, {checkout} checkout, from {country}\n"
    ))?;
    if known.is_none() {
        response
            .headers_mut()
            .set("set-cookie", &set_cookie(variant))?;
    }
    Ok(response)
}

/// The visitor learns that something failed, the log what.
fn internal_error(error: Error) -> Result<Response> {
    console_error!("{error}");
    Response::error("internal error\n", 500)
}

/// A variable of the wrangler config; empty where it is missing, so that a forgotten one turns nothing on.
fn var(env: &Env, name: &str) -> String {
    env.var(name)
        .map(|value| value.to_string())
        .unwrap_or_default()
}

/// A number from 0 up to, not including, 1. Chance belongs outside of what decides: tests give the number.
fn chance() -> f64 {
    worker::js_sys::Math::random()
}
