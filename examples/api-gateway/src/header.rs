//! Headers: which ones end here, and which request ids go on. Pure rules over names and values.

/// Headers that belong to one connection, https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and go no further.
pub const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers that a `Connection` header declares to be of this connection, too. What cannot be a name is no name.
pub fn named_by_connection(connection: &str) -> impl Iterator<Item = &str> {
    connection
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && name.bytes().all(is_token))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a caller's own request id goes on. It ends up in logs and headers, so it is short and plain.
pub fn is_request_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Whether a `Content-Type` is JSON, with or without parameters; `application/merge-patch+json` is JSON, too.
pub fn is_json(content_type: &str) -> bool {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_names_headers() {
        let names: Vec<_> = named_by_connection("close, X-Hop , , bad name,Keep-Alive").collect();
        assert_eq!(names, ["close", "X-Hop", "Keep-Alive"]);
    }

    #[test]
    fn a_request_id_is_short_and_plain() {
        for good in [
            "a",
            "0b9c2e5e-3f0b-4a8e-9d53-1f0a7f1d3a11",
            "A_b.c-1",
            &"x".repeat(64),
        ] {
            assert!(is_request_id(good), "{good}");
        }
        for bad in [
            "",
            " ",
            "a b",
            "a\nb",
            "<script>",
            "\"",
            "é",
            &"x".repeat(65),
        ] {
            assert!(!is_request_id(bad), "{bad}");
        }
    }

    #[test]
    fn json_is_told_by_its_type() {
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/merge-patch+json",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/jsonp",
            "text/x+json",
            "multipart/form-data; a=application/json",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
