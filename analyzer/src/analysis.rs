//! Analysis: walk a file and put the answer together. Bytes and options -> Answer.

use wasmparser::{Encoding, Parser, Payload};

use crate::answer::{Answer, Entries, Layout, Memory, ModuleError, NamesFrom, SCHEMA, Table};
use crate::functions::Bodies;
use crate::module::Module;
use crate::names::{Names, capped};
use crate::options::Options;
use crate::sections::Sections;
use crate::segments::Segments;
use crate::validity::Validity;
use crate::why::{self, Why};

/// Reads a module, valid or not. Never fails: what is wrong with the bytes is part of the answer.
pub fn analyze<'a>(wasm: &'a [u8], options: &Options) -> Answer<'a> {
    let (module, sections, validity) = read(wasm, options.check_bodies);
    answer(wasm.len(), module, sections, validity, options)
}

/// Explains how the crate or function called `query` is reached, as far as the module can be read.
pub fn why<'a>(wasm: &'a [u8], query: &str) -> Why<'a> {
    let (mut module, ..) = read(wasm, false);
    let names = names(&mut module);
    let bodies = Bodies::new(module.spaces.functions.imported(), &module.code, &module.segments, &names, false);
    why::why(&bodies, &module.exports, module.start, query)
}

fn read(wasm: &[u8], check_bodies: bool) -> (Module<'_>, Sections<'_>, Validity) {
    let mut sections = Sections::new(wasm);
    let mut validity = Validity::new(check_bodies);
    let mut module = Module::default();
    module.operators.segments = Segments::find(wasm);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => {
                validity.fail(error);
                break;
            }
        };
        sections.payload(&payload);
        if let Payload::Version { encoding, .. } = payload {
            module.layout = Some(encoding);
        }
        // A component is listed by its sections and not looked into.
        if module.layout == Some(Encoding::Module) {
            validity.payload(&payload);
            if let Err(error) = module.payload(payload) {
                validity.fail(error);
            }
        }
    }
    (module, sections, validity)
}

fn names<'a>(module: &mut Module<'a>) -> Names<'a> {
    let (functions, segments) = (module.spaces.functions.len(), module.segments.len());
    module.names.take().map_or_else(Names::default, |content| Names::read(content, functions, segments))
}

fn answer<'a>(
    size: usize,
    mut module: Module<'a>,
    sections: Sections<'a>,
    validity: Validity,
    options: &Options,
) -> Answer<'a> {
    let exports = module.typed_exports(options.entries);
    let entries = Entries { imports: module.imports.len(), exports: module.exports.len() };
    module.imports.truncate(options.entries.unwrap_or(usize::MAX));
    let sections = sections.finish();
    let names = names(&mut module);
    let spaces = &module.spaces;
    // A comparison does not tell who instantiated what.
    let bodies = Bodies::new(spaces.functions.imported(), &module.code, &module.segments, &names, !options.list);
    Answer {
        schema: SCHEMA,
        layout: match module.layout {
            Some(Encoding::Module) => Layout::Core,
            Some(Encoding::Component) => Layout::Component,
            None => Layout::Unknown,
        },
        size,
        error: validity.into_error().map(|error| ModuleError {
            message: capped(error.message()).into_owned(),
            offset: error.offset(),
            section: sections.at(error.offset()),
        }),
        features: module.operators.features.names(),
        sections: sections.list,
        imports: module.imports,
        exports,
        entries,
        memories: spaces.memories.iter().map(|(ty, imported)| Memory { ty: ty.into(), imported }).collect(),
        tables: spaces.tables.iter().map(|(ty, imported)| Table { ty: ty.into(), imported }).collect(),
        globals: spaces.globals.counts(),
        tags: spaces.tags.counts(),
        start: module.start,
        functions: bodies.total(spaces.functions.len()),
        largest: bodies.largest(options.functions, &module.exports),
        crates: bodies.by_crate(),
        garbage: bodies.garbage(),
        elements: module.elements,
        data: bodies.data(&module.segments, &module.operators.segments.addresses(), options.functions, &module.exports),
        monomorphizations: bodies.monomorphizations(options.monomorphizations),
        names: if names.any() { NamesFrom::NameSection } else { NamesFrom::None },
        list: if options.list { bodies.list(&module.exports) } else { Vec::new() },
    }
}
