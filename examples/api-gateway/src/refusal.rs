//! Refusals: the answers that the gateway gives itself. Refusal -> status, header, problem document.

/// Why a request got no answer of an upstream.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    Unauthorized,
    NotFound,
    /// With the methods that there are.
    MethodNotAllowed(String),
    UnsupportedMediaType,
    /// With the seconds to wait.
    TooManyRequests(u32),
    BadGateway,
    GatewayTimeout,
    /// The runtime refused something; its words are in the log.
    Broken,
}

impl Refusal {
    pub fn status(&self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::NotFound => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::UnsupportedMediaType => 415,
            Self::TooManyRequests(_) => 429,
            Self::Broken => 500,
            Self::BadGateway => 502,
            Self::GatewayTimeout => 504,
        }
    }

    /// What to do about it, in a few words. Nothing of the request is repeated, nothing of the inside is told.
    fn title(&self) -> &'static str {
        match self {
            Self::Unauthorized => "A valid API key in x-api-key is required",
            Self::NotFound => "Nothing answers to this path",
            Self::MethodNotAllowed(_) => "This path has other methods; see Allow",
            Self::UnsupportedMediaType => "The body must be JSON",
            Self::TooManyRequests(_) => "Too many requests; see Retry-After",
            Self::Broken => "The gateway failed",
            Self::BadGateway => "The upstream gave no answer",
            Self::GatewayTimeout => "The upstream took too long",
        }
    }

    /// The header that HTTP asks for beside the status.
    pub fn header(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Unauthorized => Some((
                "www-authenticate",
                r#"ApiKey realm="api", header="x-api-key""#.into(),
            )),
            Self::MethodNotAllowed(allowed) => Some(("allow", allowed.clone())),
            Self::TooManyRequests(seconds) => Some(("retry-after", seconds.to_string())),
            _ => None,
        }
    }

    /// The body, https://www.rfc-editor.org/rfc/rfc9457. `id` holds nothing that JSON would escape; see header.rs.
    pub fn document(&self, id: &str) -> String {
        let (status, title) = (self.status().to_string(), self.title());
        [
            r#"{"status":"#,
            &status,
            r#","title":""#,
            title,
            r#"","request_id":""#,
            id,
            "\"}\n",
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_problem_document() {
        assert_eq!(
            Refusal::NotFound.document("a-1"),
            "{\"status\":404,\"title\":\"Nothing answers to this path\",\"request_id\":\"a-1\"}\n"
        );
    }

    #[test]
    fn http_asks_for_a_header_beside_some() {
        for (refusal, header) in [
            (Refusal::Unauthorized, Some("www-authenticate")),
            (Refusal::NotFound, None),
            (Refusal::MethodNotAllowed("GET".into()), Some("allow")),
            (Refusal::UnsupportedMediaType, None),
            (Refusal::TooManyRequests(3), Some("retry-after")),
            (Refusal::BadGateway, None),
            (Refusal::GatewayTimeout, None),
        ] {
            assert_eq!(
                refusal.header().map(|(name, _)| name),
                header,
                "{refusal:?}"
            );
        }
    }
}
