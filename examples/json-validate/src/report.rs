//! Report: what a validation found, as a flat list with JSON pointers, of bounded size. ValidationError -> Listed.

use boon::{ErrorKind, ValidationError};
use serde::Serialize;

/// How many errors are listed, and how many bytes their texts may have together.
const MOST_ERRORS: usize = 100;
const MOST_BYTES: usize = 256 << 10;
const MESSAGE_BYTES: usize = 500;

/// One error. Both pointers are those of RFC 6901; the empty one is the whole document.
#[derive(Serialize)]
pub struct Problem {
    /// The value that is wrong.
    pub instance: String,
    /// The keyword of the schema that says so; the schema itself, where that is `false`.
    pub schema: String,
    /// The schema's document, where a `$ref` led to another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    pub message: String,
}

#[derive(Serialize)]
pub struct Listed {
    pub errors: Vec<Problem>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The errors in the order of validation, those of branches (`anyOf`) after their own. `document` is where the schema is.
pub fn list(root: &ValidationError, document: &str) -> Listed {
    let (mut listed, mut bytes) = (Listed { errors: vec![], more: 0 }, 0);
    let mut waiting = vec![root];
    while let Some(error) = waiting.pop() {
        waiting.extend(error.causes.iter().rev());
        if only_groups(error) {
            continue;
        }
        if listed.errors.len() == MOST_ERRORS || bytes > MOST_BYTES {
            listed.more += 1;
            continue;
        }
        let problem = problem(error, document);
        bytes += problem.instance.len() + problem.schema.len() + problem.message.len();
        listed.errors.push(problem);
    }
    listed
}

/// Whether it says nothing that its causes do not.
fn only_groups(error: &ValidationError) -> bool {
    use ErrorKind::{AllOf, Group, Reference, Schema};
    matches!(error.kind, Group | Schema { .. } | Reference { .. } | AllOf) && !error.causes.is_empty()
}

fn problem(error: &ValidationError, document: &str) -> Problem {
    let (url, fragment) = error.schema_url.split_once('#').unwrap_or((error.schema_url, ""));
    let mut schema = percent_decoded(fragment);
    if let Some(path) = error.kind.keyword_path() {
        // boon calls this keyword by another name.
        let path = path.to_string().replace("additionalProperty", "additionalProperties");
        schema.push('/');
        schema.push_str(&path);
    }
    Problem {
        instance: error.instance_location.to_string(),
        schema,
        document: (url != document.split('#').next().unwrap_or(document)).then(|| url.into()),
        message: shortened(error.kind.to_string()),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|digits| str::from_utf8(digits).ok());
        if let Some(byte) = code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A message quotes the value that is wrong, which may be long.
fn shortened(message: String) -> String {
    if message.len() <= MESSAGE_BYTES {
        return message;
    }
    message[..message.floor_char_boundary(MESSAGE_BYTES)].to_owned() + "…"
}
