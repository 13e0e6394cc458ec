//! What the caller wants to see. JSON -> Options.

/// `{"functions": 50, "entries": null, "check_bodies": true, "monomorphizations": 0, "list": false}`; every key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many of the largest functions to list; `None` (`null`) lists all of them.
    pub functions: Option<usize>,
    /// How many imports, and how many exports, to list; `None` (`null`) lists all of them.
    pub entries: Option<usize>,
    /// Whether function bodies are type-checked. Without it an error inside a body is found only where the body
    /// cannot be decoded; everything else is checked in any case. It is most of the time a large module takes.
    pub check_bodies: bool,
    /// How many groups of instances of a generic function to list; `None` (`null`) lists all of them.
    pub monomorphizations: Option<usize>,
    /// Whether to make a list of all functions, for a comparison (see [`crate::function_list`]).
    pub list: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { functions: Some(50), entries: None, check_bodies: true, monomorphizations: Some(0), list: false }
    }
}

impl Options {
    /// Reads a flat JSON object with these keys. `None` for anything else: the caller is our own adapter, so
    /// what it does not say right is a bug and must not pass.
    pub fn from_json(json: &str) -> Option<Self> {
        let mut options = Options::default();
        let fields = json.trim().strip_prefix('{')?.strip_suffix('}')?;
        if fields.trim().is_empty() {
            return Some(options);
        }
        for field in fields.split(',') {
            let (key, value) = field.split_once(':')?;
            match (key.trim(), value.trim()) {
                ("\"functions\"", count) => options.functions = limit(count)?,
                ("\"entries\"", count) => options.entries = limit(count)?,
                ("\"check_bodies\"", check) => options.check_bodies = check.parse().ok()?,
                ("\"monomorphizations\"", count) => options.monomorphizations = limit(count)?,
                ("\"list\"", list) => options.list = list.parse().ok()?,
                _ => return None,
            }
        }
        Some(options)
    }
}

/// `null` is no limit.
fn limit(text: &str) -> Option<Option<usize>> {
    if text == "null" { Some(None) } else { text.parse().ok().map(Some) }
}
