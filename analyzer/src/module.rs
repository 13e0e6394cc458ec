//! Module: the walk over a file, section by section. Bytes and options -> Answer.

use wasmparser::{
    BinaryReader, CompositeInnerType, DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader,
    Encoding, Export, FunctionBody, GlobalSectionReader, Import, ImportSectionReader, Imports, MemoryType, Parser,
    Payload, Result, TableInit, TableSectionReader, TableType, TypeRef, TypeSectionReader,
};

use crate::answer::{self, Answer, Data, ExternType, Layout, Memory, ModuleError, Names, SCHEMA, Table};
use crate::features::Feature;
use crate::functions::Bodies;
use crate::index_spaces::IndexSpaces;
use crate::names::{FunctionNames, capped};
use crate::operators::Operators;
use crate::options::Options;
use crate::sections::Sections;
use crate::validity::Validity;

/// No section is read further than this many entries: the limit that engines agreed on for types, functions,
/// imports and exports (WebAssembly JavaScript Interface, "Implementation-defined Limits"), and by far the highest.
const MAX_ENTRIES: usize = 1_000_000;

/// Reads a module, valid or not. Never fails: what is wrong with the bytes is part of the answer.
pub fn analyze<'a>(wasm: &'a [u8], options: &Options) -> Answer<'a> {
    let mut sections = Sections::new(wasm);
    let mut validity = Validity::new(options.check_bodies);
    let mut module = Module::default();
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
    module.into_answer(wasm.len(), sections, validity, options)
}

/// What has been read so far.
#[derive(Default)]
struct Module<'a> {
    layout: Option<Encoding>,
    operators: Operators,
    spaces: IndexSpaces,
    imports: Vec<answer::Import<'a>>,
    exports: Vec<Export<'a>>,
    start: Option<u32>,
    /// Each body with its size field, in the order of the code section.
    bodies: Vec<u32>,
    /// Where in the code section the next body's size field begins.
    next_body: u64,
    data: Data,
    names: Option<BinaryReader<'a>>,
}

impl<'a> Module<'a> {
    fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => self.type_section(section)?,
            Payload::ImportSection(section) => self.import_section(section)?,
            Payload::FunctionSection(section) => {
                for ty in section.into_iter().take(MAX_ENTRIES) {
                    self.spaces.functions.define(ty?);
                }
            }
            Payload::TableSection(section) => self.table_section(section)?,
            Payload::MemorySection(section) => {
                for ty in section.into_iter().take(MAX_ENTRIES) {
                    let ty = ty?;
                    self.spaces.memories.define(ty);
                    self.memory(ty);
                }
            }
            Payload::TagSection(section) => {
                for ty in section.into_iter().take(MAX_ENTRIES) {
                    self.spaces.tags.define(ty?.func_type_idx);
                    self.operators.features.add(Feature::Exceptions);
                }
            }
            Payload::GlobalSection(section) => self.global_section(section)?,
            Payload::ExportSection(section) => {
                for export in section.into_iter().take(MAX_ENTRIES) {
                    self.exports.push(export?);
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => self.element_section(section)?,
            Payload::DataCountSection { .. } => self.operators.features.add(Feature::BulkMemory),
            Payload::CodeSectionStart { unchecked_range, size, .. } => {
                self.next_body = unchecked_range.end - u64::from(size);
            }
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            Payload::DataSection(section) => self.data_section(section)?,
            // Names are for later: the section may stand anywhere, also before the functions.
            Payload::CustomSection(section) if section.name() == "name" => {
                self.names = Some(section.data_reader());
            }
            _ => {}
        }
        Ok(())
    }

    fn type_section(&mut self, section: TypeSectionReader<'a>) -> Result<()> {
        for group in section.into_iter().take(MAX_ENTRIES) {
            let group = group?;
            self.operators.features.rec_group(&group);
            self.spaces.types.extend(group.into_types().map(|ty| match ty.composite_type.inner {
                CompositeInnerType::Func(ty) => Some(ty),
                _ => None,
            }));
        }
        Ok(())
    }

    fn import_section(&mut self, section: ImportSectionReader<'a>) -> Result<()> {
        let mut entries = 0;
        for group in section {
            let group = group?;
            let is_compact = !matches!(group, Imports::Single(..));
            self.operators.features.add_if(is_compact, Feature::CompactImportSection);
            for import in group {
                entries += 1;
                if entries > MAX_ENTRIES {
                    return Ok(());
                }
                self.import(import?.1);
            }
        }
        Ok(())
    }

    fn import(&mut self, import: Import<'a>) {
        self.spaces.import(&import.ty);
        match import.ty {
            TypeRef::Func(_) => {}
            TypeRef::FuncExact(_) => self.operators.features.add(Feature::CustomDescriptors),
            TypeRef::Table(ty) => self.table(ty),
            TypeRef::Memory(ty) => self.memory(ty),
            TypeRef::Global(ty) => {
                self.operators.features.global(&ty);
                self.operators.features.add_if(ty.mutable, Feature::MutableGlobals);
            }
            TypeRef::Tag(_) => self.operators.features.add(Feature::Exceptions),
        }
        if let Some(ty) = self.spaces.type_of_import(&import.ty) {
            self.imports.push(answer::Import { module: capped(import.module), name: capped(import.name), ty });
        }
    }

    fn memory(&mut self, ty: MemoryType) {
        self.operators.features.memory(&ty);
        self.operators.features.add_if(self.spaces.memories.len() > 1, Feature::MultiMemory);
    }

    fn table(&mut self, ty: TableType) {
        self.operators.features.table(&ty);
        self.operators.features.add_if(self.spaces.tables.len() > 1, Feature::ReferenceTypes);
    }

    fn imported_globals(&self) -> u32 {
        self.spaces.globals.imported() as u32
    }

    fn table_section(&mut self, section: TableSectionReader<'a>) -> Result<()> {
        for table in section.into_iter().take(MAX_ENTRIES) {
            let table = table?;
            self.spaces.tables.define(table.ty);
            self.table(table.ty);
            if let TableInit::Expr(expr) = table.init {
                self.operators.features.add(Feature::TypedFunctionReferences);
                self.operators.const_expr(&expr, self.imported_globals())?;
            }
        }
        Ok(())
    }

    fn global_section(&mut self, section: GlobalSectionReader<'a>) -> Result<()> {
        for global in section.into_iter().take(MAX_ENTRIES) {
            let global = global?;
            self.operators.features.global(&global.ty);
            self.spaces.globals.define(global.ty);
            self.operators.const_expr(&global.init_expr, self.imported_globals())?;
        }
        Ok(())
    }

    fn element_section(&mut self, section: ElementSectionReader<'a>) -> Result<()> {
        for element in section.into_iter().take(MAX_ENTRIES) {
            let element = element?;
            self.operators.features.element(&element.kind, &element.items);
            if let ElementKind::Active { offset_expr, .. } = &element.kind {
                self.operators.const_expr(offset_expr, self.imported_globals())?;
            }
            if let ElementItems::Expressions(_, items) = element.items {
                for expr in items {
                    self.operators.const_expr(&expr?, self.imported_globals())?;
                }
            }
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'a>) -> Result<()> {
        let end = body.range().end;
        // A section's size is a u32, so a body's is.
        self.bodies.push((end - self.next_body) as u32);
        self.next_body = end;
        self.operators.body(body)
    }

    fn data_section(&mut self, section: DataSectionReader<'a>) -> Result<()> {
        for segment in section.into_iter().take(MAX_ENTRIES) {
            let segment = segment?;
            self.data.segments += 1;
            self.data.size += segment.data.len() as u64;
            match segment.kind {
                DataKind::Passive => self.operators.features.add(Feature::BulkMemory),
                DataKind::Active { offset_expr, .. } => {
                    self.operators.const_expr(&offset_expr, self.imported_globals())?;
                }
            }
        }
        Ok(())
    }

    fn exports(&mut self) -> Vec<answer::Export<'a>> {
        let mut exports = Vec::with_capacity(self.exports.len());
        for export in &self.exports {
            if let Some(ty) = self.spaces.type_of_export(export) {
                let is_mutable = matches!(&ty, ExternType::Global(global) if global.mutable);
                self.operators.features.add_if(is_mutable, Feature::MutableGlobals);
                exports.push(answer::Export { name: capped(export.name), ty });
            }
        }
        exports
    }

    fn into_answer(mut self, size: usize, sections: Sections<'a>, validity: Validity, options: &Options) -> Answer<'a> {
        let exports = self.exports();
        let sections = sections.finish();
        let spaces = &self.spaces;
        let names = match self.names.take() {
            Some(content) => FunctionNames::read(content, spaces.functions.len()),
            None => FunctionNames::default(),
        };
        let bodies = Bodies::new(spaces.functions.imported(), &self.bodies, &names);
        Answer {
            schema: SCHEMA,
            layout: match self.layout {
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
            features: self.operators.features.names(),
            sections: sections.list,
            imports: self.imports,
            exports,
            memories: spaces.memories.iter().map(|(ty, imported)| Memory { ty: ty.into(), imported }).collect(),
            tables: spaces.tables.iter().map(|(ty, imported)| Table { ty: ty.into(), imported }).collect(),
            globals: spaces.globals.counts(),
            tags: spaces.tags.counts(),
            start: self.start,
            functions: bodies.total(spaces.functions.len()),
            largest: bodies.largest(options.functions, &self.exports),
            crates: bodies.by_crate(),
            data: self.data,
            names: if names.any() { Names::NameSection } else { Names::None },
        }
    }
}
