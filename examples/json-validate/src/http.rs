//! HTTP/1.1 messages as ci-wasm's shim passes them (HTTP ABI, version 2). bytes -> Request, Response -> bytes.
//!
//! The shim writes requests in one way only, so there is little to read and nothing to guess.

use std::fmt::Write;

/// A request; everything in it borrows from the message.
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    head: &'a str,
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// None for what is no request message; the shim sends no such thing.
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let end = message.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = str::from_utf8(&message[..end]).ok()?;
        let mut words = head.split("\r\n").next()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let body = &message[end + 4..];
        Some(Self { method, path, head, body })
    }

    /// The value of a header; `name` is in lower case, as the shim writes names.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let lines = self.head.split("\r\n").skip(1);
        lines.filter_map(|line| line.split_once(": ")).find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// A response; header values are ASCII.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type", content_type.into())], body: body.into() }
    }

    /// `value` has to be ASCII without line breaks.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn into_bytes(self) -> Box<[u8]> {
        let mut head = format!("HTTP/1.1 {} \r\n", self.status);
        for (name, value) in &self.headers {
            // A `String` takes whatever is written to it.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat().into_boxed_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read() {
        let message = b"POST /a?b=c HTTP/1.1\r\ncontent-type: text/plain\r\nx: 1: 2\r\n\r\nbody\r\n\r\n";

        let request = Request::parse(message).unwrap();

        assert_eq!((request.method, request.path), ("POST", "/a"));
        assert_eq!(request.header("content-type"), Some("text/plain"));
        assert_eq!(request.header("x"), Some("1: 2"));
        assert_eq!(request.header("y"), None);
        assert_eq!(request.body, b"body\r\n\r\n");
        assert!(Request::parse(b"GET / HTTP/1.1\r\n").is_none());
    }

    #[test]
    fn a_response_is_written() {
        let response = Response::new(404, "text/plain", "no").with("x", "y");

        assert_eq!(&*response.into_bytes(), b"HTTP/1.1 404 \r\ncontent-type: text/plain\r\nx: y\r\n\r\nno");
    }
}
