//! Schemas: compiled once, kept for the requests that follow. text -> Compiled.
//!
//! What is kept lives as long as the isolate, which may end at any time: nothing here must last.

use std::{cell::RefCell, collections::VecDeque, error::Error, rc::Rc};

use boon::{CompileError, Compiler, Format, SchemaIndex, Schemas, UrlLoader};
use serde_json::Value;

use crate::limits::{Demands, SCHEMA_BYTES};
use crate::report::{Listed, list};

/// The schemas that are part of the module: `POST /validate/NAME`, and `$ref`s to their addresses.
pub const EMBEDDED: [(&str, &str); 2] =
    [("address", include_str!("../schemas/address.json")), ("order", include_str!("../schemas/order.json"))];
/// Their addresses; nothing is ever fetched from there.
const BASE: &str = "https://schemas.example.com/";
const INLINE: &str = "inline:///schema";
/// Formats that are annotations here in every draft: to check them takes Unicode's tables for names of domains, which
/// Cargo.toml leaves out. Without those, boon would refuse every name that is not ASCII.
const UNCHECKED: [&str; 4] = ["idn-email", "idn-hostname", "iri", "iri-reference"];
/// How many inline schemas are kept.
const KEPT: usize = 32;

pub struct Compiled {
    schemas: Schemas,
    index: SchemaIndex,
    /// Where its pointers begin.
    document: String,
    /// See `Demands`.
    pub regex_format: bool,
}

impl Compiled {
    /// What is wrong with an instance; None: nothing.
    pub fn problems(&self, instance: &Value) -> Option<Listed> {
        let error = self.schemas.validate(instance, self.index).err()?;
        Some(list(&error, &self.document))
    }
}

/// Why a schema is not compiled.
pub enum Unusable {
    TooMuch(String),
    /// It refers to what is not here.
    Remote(String),
    /// It breaks the rules of its draft, here.
    Invalid(Listed),
    Other(String),
}

thread_local! {
    static NAMED: RefCell<[Option<Rc<Compiled>>; EMBEDDED.len()]> = const { RefCell::new([const { None }; EMBEDDED.len()]) };
    /// The latest last.
    static RECENT: RefCell<VecDeque<(Box<str>, Rc<Compiled>)>> = const { RefCell::new(VecDeque::new()) };
}

/// What does not compile is told to who asks for it; a test sees to it that there is none.
pub fn compile_embedded() {
    for (name, _) in EMBEDDED {
        let _ = named(name);
    }
}

/// An embedded schema, and whether it had been kept. None: there is no such name.
pub fn named(name: &str) -> Option<Result<(Rc<Compiled>, bool), Unusable>> {
    let place = EMBEDDED.iter().position(|(known, _)| *known == name)?;
    if let Some(kept) = NAMED.with_borrow(|named| named[place].clone()) {
        return Some(Ok((kept, true)));
    }
    let compiled = compile(&format!("{BASE}{name}.json"), None, false).map(Rc::new);
    Some(compiled.map(|new| {
        NAMED.with_borrow_mut(|named| named[place] = Some(new.clone()));
        (new, false)
    }))
}

/// A schema out of a request, and whether it had been kept. It is known by its text, byte for byte.
pub fn inline(text: &str) -> Result<(Rc<Compiled>, bool), Unusable> {
    let kept = RECENT.with_borrow_mut(|recent| {
        let place = recent.iter().position(|(known, _)| **known == *text)?;
        let found = recent.remove(place)?;
        let compiled = found.1.clone();
        recent.push_back(found);
        Some(compiled)
    });
    if let Some(kept) = kept {
        return Ok((kept, true));
    }
    if text.len() > SCHEMA_BYTES {
        return Err(Unusable::TooMuch(format!("the schema has more than {SCHEMA_BYTES} bytes")));
    }
    let schema: Value = serde_json::from_str(text).map_err(|error| Unusable::Other(error.to_string()))?;
    let demands = Demands::of_schema(&schema).map_err(Unusable::TooMuch)?;
    let new = Rc::new(compile(INLINE, Some(schema), demands.regex_format)?);
    RECENT.with_borrow_mut(|recent| {
        if recent.len() == KEPT {
            recent.pop_front();
        }
        recent.push_back((text.into(), new.clone()));
    });
    Ok((new, false))
}

fn compile(document: &str, schema: Option<Value>, regex_format: bool) -> Result<Compiled, Unusable> {
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(Embedded));
    for name in UNCHECKED {
        compiler.register_format(Format { name, func: |_| Ok(()) });
    }
    if let Some(schema) = schema {
        compiler.add_resource(document, schema).map_err(unusable)?;
    }
    let mut schemas = Schemas::new();
    let index = compiler.compile(document, &mut schemas).map_err(unusable)?;
    Ok(Compiled { schemas, index, document: document.into(), regex_format })
}

/// What a `$ref` to another document finds: the embedded schemas, and the metaschemas, which boon has itself.
struct Embedded;

impl UrlLoader for Embedded {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        let name = url.strip_prefix(BASE).and_then(|file| file.strip_suffix(".json"));
        let found = EMBEDDED.iter().find(|(known, _)| Some(*known) == name);
        Ok(serde_json::from_str(found.ok_or("it is not part of this service")?.1)?)
    }
}

fn unusable(error: CompileError) -> Unusable {
    match error {
        CompileError::LoadUrlError { url, .. } => Unusable::Remote(url),
        CompileError::ValidationError { url, src } => Unusable::Invalid(list(&src, &url)),
        // With its cause.
        other => Unusable::Other(format!("{other:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(text: &str) -> bool {
        inline(text).ok().unwrap().1
    }

    #[test]
    fn every_embedded_schema_compiles_and_is_at_its_address() {
        for (name, text) in EMBEDDED {
            let schema: Value = serde_json::from_str(text).unwrap();

            assert_eq!(schema["$id"], format!("{BASE}{name}.json"));
            assert!(named(name).unwrap().is_ok(), "{name}");
            assert!(named(name).unwrap().ok().unwrap().1, "{name}");
        }
        assert!(named("other").is_none());
    }

    #[test]
    fn the_schemas_asked_for_last_are_kept() {
        assert!(!is_kept("true"));
        for maximum in 0..KEPT - 1 {
            assert!(!is_kept(&format!("{{\"maximum\": {maximum}}}")));
        }
        assert!(is_kept("true"));

        assert!(!is_kept("false"));

        assert!(is_kept("true"));
        assert!(is_kept("{\"maximum\": 1}"));
        assert!(!is_kept("{\"maximum\": 0}"));
    }

    #[test]
    fn nothing_is_fetched() {
        for target in
            ["https://other.example/a.json", "file:///etc/passwd", "other.json", "https://schemas.example.com/x.json"]
        {
            let result = inline(&format!("{{\"$ref\": \"{target}\"}}"));

            assert!(matches!(result.err().unwrap(), Unusable::Remote(url) if url.ends_with(target)), "{target}");
        }
        assert!(inline(r#"{"$ref": "https://schemas.example.com/order.json#/$defs/item"}"#).is_ok());
    }
}
