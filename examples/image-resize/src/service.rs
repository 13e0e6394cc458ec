//! The service: which requests there are, and what is answered when one is wrong. message -> Response.

use image::ImageFormat;

use crate::http::{Request, Response};
use crate::options::Options;
use crate::picture::{MOST_PIXELS, Picture, Problem};

/// The largest body, before anything is decoded.
const MOST_BYTES: usize = 10 << 20;

const USAGE: &str = "\
POST an image (JPEG, PNG or WebP) to /resize and get it back in another size.

  width, height   pixels, 1 to 4096; one is enough, the other follows
  fit             contain (default), cover or fill
  crop            x,y,width,height: a region of the source, before it is resized
  format          jpeg, png or webp; default: that of the source
  quality         1 to 100, default 80; of JPEG: PNG and WebP are encoded without loss

  curl --data-binary @photo.jpg 'https://…/resize?width=640&quality=75' > small.jpg
";

pub fn answer(message: &[u8]) -> Response {
    let Some(request) = Request::parse(message) else { return refuse(400, "this is no HTTP request") };
    match (request.path, request.method) {
        ("/", "GET" | "HEAD") => {
            Response::new(200, "text/plain; charset=utf-8", USAGE).with("cache-control", "public, max-age=3600")
        }
        ("/resize", "POST") => resize(&request).unwrap_or_else(|refusal| refusal),
        ("/", _) => refuse(405, "GET / tells how to use this").with("allow", "GET, HEAD"),
        ("/resize", _) => refuse(405, "POST an image").with("allow", "POST"),
        _ => refuse(404, "there are / and /resize"),
    }
}

fn resize(request: &Request) -> Result<Response, Response> {
    let options = Options::parse(request.query).map_err(|problem| refuse(400, &problem))?;
    if request.header("content-encoding").is_some_and(|encoding| encoding != "identity") {
        return Err(refuse(415, "send the image itself, without a content-encoding"));
    }
    if request.body.is_empty() {
        return Err(refuse(400, "the body is empty; POST an image"));
    }
    if request.body.len() > MOST_BYTES {
        return Err(refuse(413, &format!("the image has more than {MOST_BYTES} bytes")));
    }
    let format = format_of(request.body).ok_or_else(|| refuse(415, "the body is no JPEG, PNG or WebP image"))?;
    let result = options.format.unwrap_or(format);
    let bytes = Picture::decode(request.body, format)
        .and_then(|picture| picture.transform(&options, result))
        .and_then(|picture| picture.encode(result, options.quality))
        .map_err(explain)?;
    Ok(Response::new(200, result.to_mime_type(), bytes))
}

/// By the bytes: what a client says about its image is often wrong, and never needed.
fn format_of(bytes: &[u8]) -> Option<ImageFormat> {
    let known = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
    image::guess_format(bytes).ok().filter(|format| known.contains(format))
}

fn explain(problem: Problem) -> Response {
    match problem {
        Problem::Malformed => refuse(400, "the image is malformed"),
        Problem::TooLarge => {
            refuse(413, &format!("the image has more than {MOST_PIXELS} pixels, or takes more memory than there is"))
        }
        Problem::Outside(width, height) => {
            refuse(400, &format!("crop leaves the image, which has {width} by {height} pixels"))
        }
        Problem::ResultTooLarge => refuse(413, "the result takes more memory than there is; ask for a smaller one"),
    }
}

/// `problem` is ours, plain words and numbers, so it needs no escapes in JSON.
fn refuse(status: u16, problem: &str) -> Response {
    Response::new(status, "application/json", format!("{{\"error\":\"{problem}\"}}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(message: &[u8]) -> u16 {
        answer(message).status
    }

    #[test]
    fn requests_go_where_they_belong() {
        assert_eq!(status(b"GET / HTTP/1.1\r\n\r\n"), 200);
        assert_eq!(status(b"GET /resize HTTP/1.1\r\n\r\n"), 405);
        assert_eq!(status(b"POST / HTTP/1.1\r\n\r\n"), 405);
        assert_eq!(status(b"GET /other HTTP/1.1\r\n\r\n"), 404);
        assert_eq!(status(b"POST /resize HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status(b"POST /resize?width=x HTTP/1.1\r\n\r\nx"), 400);
        assert_eq!(status(b"POST /resize HTTP/1.1\r\n\r\nGIF89a"), 415);
        assert_eq!(status(b"POST /resize HTTP/1.1\r\n\r\n\x89PNG\r\n\x1a\n"), 400);
        assert_eq!(status(b"nonsense"), 400);
    }

    #[test]
    fn the_requests_of_ci_wasm_yml_go_all_the_way() {
        for (name, expected, content_type) in [
            ("jpeg", 200, "image/jpeg"),
            ("png", 200, "image/png"),
            ("webp", 200, "image/jpeg"),
            ("bomb", 413, "application/json"),
        ] {
            let message = std::fs::read(format!("requests/{name}.http")).unwrap();

            let response = answer(&message);

            assert_eq!((response.status, response.headers[0].1.as_str()), (expected, content_type), "{name}");
        }
    }
}
