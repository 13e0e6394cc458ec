//! Routes: which upstream answers a path and a method. (method, path) -> Route, or why there is none.

/// One line of the table.
pub struct Route {
    /// A whole path, or everything below one: `/catalog/*`.
    pub path: &'static str,
    pub methods: &'static [&'static str],
    /// The variable that holds the upstream's address, so that each environment has its own.
    pub upstream: &'static str,
    pub caching: Caching,
}

/// What may be kept of a route's answers.
pub enum Caching {
    Never,
    /// What the upstream allows. Answers may differ by these request headers; one that differs by others is not kept.
    ByUpstream {
        varies_by: &'static [&'static str],
    },
}

/// The gateway's table: this is what you change.
pub const ROUTES: &[Route] = &[
    Route {
        path: "/catalog/*",
        methods: &["GET", "HEAD"],
        upstream: "CATALOG",
        caching: Caching::ByUpstream {
            varies_by: &["accept-language"],
        },
    },
    Route {
        path: "/orders",
        methods: &["GET", "POST"],
        upstream: "ORDERS",
        caching: Caching::Never,
    },
    Route {
        path: "/orders/*",
        methods: &["GET", "PUT", "DELETE"],
        upstream: "ORDERS",
        caching: Caching::Never,
    },
];

/// Why nothing answers.
#[derive(Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// Nothing has this path.
    Path,
    /// The path is there, for these methods.
    Method(String),
}

/// The first route for a path and a method. Methods are compared as they are: HTTP's are case-sensitive.
pub fn find<'a>(routes: &'a [Route], method: &str, path: &str) -> Result<&'a Route, NoRoute> {
    let mut allowed: Vec<&str> = Vec::new();
    for route in routes.iter().filter(|route| matches(route.path, path)) {
        if route.methods.contains(&method) {
            return Ok(route);
        }
        allowed.extend(route.methods);
    }
    if allowed.is_empty() {
        return Err(NoRoute::Path);
    }
    Err(NoRoute::Method(allowed.join(", ")))
}

fn matches(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(below) => path.len() > below.len() && path.starts_with(below),
        None => path == pattern,
    }
}

/// Path and query of a URL, from the slash after the host on. The runtime has resolved `..` and `%2e%2e` before.
pub fn target(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or("/", |at| &url[host + at..])
}

/// The path of a target.
pub fn path(target: &str) -> &str {
    target.split(['?', '#']).next().unwrap_or(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_found_by_path_and_method() {
        for (method, path, upstream) in [
            ("GET", "/catalog/7", "CATALOG"),
            ("HEAD", "/catalog/a/b", "CATALOG"),
            ("POST", "/orders", "ORDERS"),
            ("DELETE", "/orders/7", "ORDERS"),
        ] {
            assert_eq!(
                find(ROUTES, method, path).ok().unwrap().upstream,
                upstream,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn another_path_is_nowhere() {
        for path in [
            "/",
            "/catalog",
            "/catalog/",
            "/catalogue/7",
            "/Orders",
            "/orders/",
            "//orders",
            "/catalog%2F7",
        ] {
            assert_eq!(
                find(ROUTES, "GET", path).err(),
                Some(NoRoute::Path),
                "{path}"
            );
        }
    }

    #[test]
    fn another_method_is_told_which_ones_there_are() {
        for (method, path, allowed) in [
            ("PUT", "/catalog/7", "GET, HEAD"),
            ("get", "/catalog/7", "GET, HEAD"),
            ("DELETE", "/orders", "GET, POST"),
            ("OPTIONS", "/orders/7", "GET, PUT, DELETE"),
        ] {
            assert_eq!(
                find(ROUTES, method, path).err(),
                Some(NoRoute::Method(allowed.into())),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn a_target_begins_at_the_host_end() {
        for (url, expected) in [
            ("https://api.example.com/a/b?c=d", "/a/b?c=d"),
            ("http://[::1]:8787/a?b=http://c/d", "/a?b=http://c/d"),
            ("https://api.example.com", "/"),
        ] {
            assert_eq!(target(url), expected);
        }
        assert_eq!(path("/a/b?c=/d"), "/a/b");
    }
}
