//! Decisions at the edge: which variant of a page a visitor gets, in which country it is not shown, and with which
//! headers it leaves. Everything that decides is a plain function over plain values: `cargo test` runs it at home.

use worker::{Context, Env, Request, Response, Result, event};

mod decide;
use decide::{Variant, cookie, is_blocked, is_on, set_cookie};

/// What every answer carries. A page that asks for more (scripts, frames) has to loosen it on purpose.
const SECURITY_HEADERS: [(&str, &str); 5] = [
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
];

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let mut response = answer(&request, &env)?;
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.set(name, value)?;
    }
    Ok(response)
}

fn answer(request: &Request, env: &Env) -> Result<Response> {
    if request.inner().method() != "GET" && request.inner().method() != "HEAD" {
        return Response::error("only GET and HEAD", 405);
    }
    // The country comes from Cloudflare, which knows the visitor's address; on workerd at home there is none.
    let country = request.cf().and_then(|cf| cf.country());
    if is_blocked(country.as_deref(), &var(env, "BLOCKED_COUNTRIES")) {
        return Response::error("not available in your country", 451);
    }
    match request.path().as_str() {
        "/" => page(request, env, country.as_deref()),
        "/health" => Response::ok("ok"),
        _ => Response::error("not found", 404),
    }
}

fn page(request: &Request, env: &Env, country: Option<&str>) -> Result<Response> {
    let cookies = request.headers().get("cookie")?.unwrap_or_default();
    let known = cookie(&cookies);
    let variant = known.unwrap_or_else(|| Variant::of(js_random()));
    let checkout = if is_on(&var(env, "NEW_CHECKOUT")) {
        "new"
    } else {
        "old"
    };
    let text = format!(
        "variant {}, {} checkout, from {}\n",
        variant.name(),
        checkout,
        country.unwrap_or("nowhere")
    );
    let mut response = Response::ok(text)?;
    let headers = response.headers_mut();
    // What is chosen for one visitor must not be given to the next one.
    headers.set("cache-control", "private, no-store")?;
    headers.set("vary", "cookie")?;
    if known.is_none() {
        headers.set("set-cookie", &set_cookie(variant))?;
    }
    Ok(response)
}

/// A variable of the wrangler config; empty where it is missing, so that a forgotten one turns nothing on.
fn var(env: &Env, name: &str) -> String {
    env.var(name)
        .map(|value| value.to_string())
        .unwrap_or_default()
}

/// A number from 0 up to, not including, 1. Chance belongs outside of what decides: tests give the number.
fn js_random() -> f64 {
    worker::js_sys::Math::random()
}
