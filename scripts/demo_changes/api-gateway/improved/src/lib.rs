//! An API gateway: it routes, asks for an API key, limits, keeps what may be kept, and passes on the rest.
//!
//! This file is the story; upstream.rs talks to upstreams. What decides lies beside them, in plain functions over plain
//! values: `cargo test` runs it at home.

mod caller;
mod header;
mod keep;
mod limit;
mod refusal;
mod route;
mod upstream;

use std::cell::RefCell;

use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::{
    Cache, Context, Env, Error, Headers, Request, Response, console_error, event, js_sys,
};

use caller::caller;
use header::{is_json, is_request_id};
use keep::{Answer, Keep, keep, key, part};
use limit::{Bucket, Rate};
use refusal::Refusal;
use route::{Caching, NoRoute, ROUTES, Route};

thread_local! {
    /// By the caller's name, so there are never more than API keys.
    static BUCKETS: RefCell<Vec<(String, Bucket)>> = const { RefCell::new(Vec::new()) };
}

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    fn random_uuid() -> String;
}

/// A request that was let in.
struct Admitted<'a> {
    request: &'a Request,
    method: String,
    url: String,
    route: &'static Route,
    caller: String,
    id: &'a str,
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let id = text(request.headers(), "x-request-id");
    let id = if is_request_id(&id) {
        id
    } else {
        random_uuid()
    };
    let response = match serve(&request, &env, &context, &id).await {
        Ok(response) => response,
        Err(refusal) => refuse(&refusal, &id)?,
    };
    response.headers().set("x-request-id", &id)?;
    // Whoever keeps an answer on its way to the caller must not give it to one without a key, `public` or not.
    response.headers().append("vary", "x-api-key")?;
    Ok(response)
}

async fn serve(
    request: &Request,
    env: &Env,
    context: &Context,
    id: &str,
) -> Result<Response, Refusal> {
    let (method, url) = (request.inner().method(), request.inner().url());
    if route::path(route::target(&url)) == "/health" {
        return Ok(Response::ok("ok\n")?);
    }
    let admitted = admit(request, method, url, env, id)?;
    match admitted.route.caching {
        Caching::Never => upstream::ask(&admitted, env).await,
        Caching::ByUpstream { varies_by } => from_cache(&admitted, varies_by, env, context).await,
    }
}

/// What costs least is asked first, and an unknown caller never gets to a bucket.
fn admit<'a>(
    request: &'a Request,
    method: String,
    url: String,
    env: &Env,
    id: &'a str,
) -> Result<Admitted<'a>, Refusal> {
    let route =
        route::find(ROUTES, &method, route::path(route::target(&url))).map_err(
            |none| match none {
                NoRoute::Path => Refusal::NotFound,
                NoRoute::Method(allowed) => Refusal::MethodNotAllowed(allowed),
            },
        )?;
    let headers = request.headers();
    let keys = variable(env, "API_KEYS");
    let caller = caller(&text(headers, "x-api-key"), &keys)
        .ok_or(Refusal::Unauthorized)?
        .to_string();
    let brings_body = matches!(method.as_str(), "POST" | "PUT" | "PATCH");
    if brings_body && !is_json(&text(headers, "content-type")) {
        return Err(Refusal::UnsupportedMediaType);
    }
    let rate = Rate::of(
        &variable(env, "REQUESTS_PER_MINUTE"),
        &variable(env, "BURST"),
    );
    take(&caller, rate).map_err(Refusal::TooManyRequests)?;
    Ok(Admitted {
        request,
        method,
        url,
        route,
        caller,
        id,
    })
}

fn take(caller: &str, rate: Rate) -> Result<(), u32> {
    let now = js_sys::Date::now();
    BUCKETS.with_borrow_mut(|buckets| {
        // A handful of callers: looking through a list costs less than a tree's code.
        let at = buckets
            .iter()
            .position(|(name, _)| name == caller)
            .unwrap_or_else(|| {
                buckets.push((caller.to_string(), Bucket::full(rate, now)));
                buckets.len() - 1
            });
        buckets[at].1.take(rate, now)
    })
}

/// A kept answer, else the upstream's, which is kept where that is allowed. `x-cache` says which of them it was.
async fn from_cache(
    admitted: &Admitted<'_>,
    varies_by: &[&str],
    env: &Env,
    context: &Context,
) -> Result<Response, Refusal> {
    let headers = admitted.request.headers();
    let part = part(
        &admitted.method,
        headers.has("range")?,
        &text(headers, "cache-control"),
    );
    let authorized = headers.has("authorization")?;
    let varied = varies_by
        .iter()
        .map(|name| headers.get(name))
        .collect::<Result<Vec<_>, _>>()?;
    let for_all = key(&admitted.url, None, &varied);
    let for_caller = key(&admitted.url, Some(&admitted.caller), &varied);
    let cache = Cache::default();
    if part.look {
        let keys = [Some(&for_all), Some(&for_caller).filter(|_| !authorized)];
        for key in keys.into_iter().flatten() {
            // A cache that cannot be asked has nothing.
            if let Ok(Some(kept)) = cache.get(key, false).await {
                return marked(upstream::writable(kept)?, "HIT");
            }
        }
    }
    let mut response = upstream::ask(admitted, env).await?;
    let kept = if part.store {
        keep(&told(&response), authorized, varies_by)
    } else {
        Keep::No
    };
    let key = match kept {
        Keep::No => return marked(response, "BYPASS"),
        Keep::ForAll => for_all,
        Keep::ForCaller => for_caller,
    };
    let copy = response.cloned()?;
    context.wait_until(async move {
        if let Err(error) = cache.put(key, copy).await {
            console_error!("not kept: {error}");
        }
    });
    marked(response, "MISS")
}

fn told(response: &Response) -> Answer {
    let headers = response.headers();
    Answer {
        status: response.status_code(),
        cache_control: text(headers, "cache-control"),
        vary: text(headers, "vary"),
        sets_cookie: headers.has("set-cookie").unwrap_or(true),
    }
}

fn marked(response: Response, how: &str) -> Result<Response, Refusal> {
    response.headers().set("x-cache", how)?;
    Ok(response)
}

fn refuse(refusal: &Refusal, id: &str) -> worker::Result<Response> {
    let mut builder = Response::builder()
        .with_status(refusal.status())
        .with_header("content-type", "application/problem+json")?
        .with_header("cache-control", "no-store")?;
    if let Some((name, value)) = refusal.header() {
        builder = builder.with_header(name, &value)?;
    }
    Ok(builder.fixed(refusal.document(id).into_bytes()))
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        console_error!("{error}");
        Self::Broken
    }
}

/// A header's value, empty where there is none; several of one name come as one, with commas.
fn text(headers: &Headers, name: &str) -> String {
    headers.get(name).ok().flatten().unwrap_or_default()
}

/// A variable or a secret; empty where it is missing, so that a forgotten one opens nothing.
fn variable(env: &Env, name: &str) -> String {
    env.var(name)
        .map(|value| value.to_string())
        .unwrap_or_default()
}
