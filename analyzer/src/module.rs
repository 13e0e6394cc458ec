//! Module: what is read from each section, in the file's order. Payloads -> Module.

use wasmparser::{
    BinaryReader, CompositeInnerType, ConstExpr, DataKind, DataSectionReader, ElementItems, ElementKind,
    ElementSectionReader, Encoding, Export, ExternalKind, FunctionBody, GlobalSectionReader, Import,
    ImportSectionReader, Imports, MemoryType, Payload, Result, TableInit, TableSectionReader, TableType, TypeRef,
    TypeSectionReader,
};

use crate::answer::{self, Elements};
use crate::extern_types::ExternType;
use crate::features::Feature;
use crate::functions::Code;
use crate::index_spaces::IndexSpaces;
use crate::names::capped;
use crate::operators::Operators;

/// No section is read further than this many entries: the limit that engines agreed on for types, functions,
/// imports and exports (WebAssembly JavaScript Interface, "Implementation-defined Limits"), and by far the highest.
const MAX_ENTRIES: usize = 1_000_000;

/// What has been read so far.
#[derive(Default)]
pub struct Module<'a> {
    pub layout: Option<Encoding>,
    pub operators: Operators,
    pub spaces: IndexSpaces,
    pub imports: Vec<answer::Import<'a>>,
    pub exports: Vec<Export<'a>>,
    pub start: Option<u32>,
    pub code: Code,
    /// Where in the code section the next body's size field begins.
    next_body: u64,
    /// The bytes of each data segment's content.
    pub segments: Vec<u64>,
    pub elements: Elements,
    pub names: Option<BinaryReader<'a>>,
}

impl<'a> Module<'a> {
    pub fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
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
                    self.export(export?);
                }
            }
            Payload::StartSection { func, .. } => {
                self.start = Some(func);
                self.code.graph.root(func);
            }
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

    fn export(&mut self, export: Export<'a>) {
        if matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) {
            self.code.graph.root(export.index);
        }
        self.exports.push(export);
    }

    fn memory(&mut self, ty: MemoryType) {
        self.operators.features.memory(&ty);
        self.operators.features.add_if(self.spaces.memories.len() > 1, Feature::MultiMemory);
    }

    fn table(&mut self, ty: TableType) {
        self.operators.features.table(&ty);
        self.operators.features.add_if(self.spaces.tables.len() > 1, Feature::ReferenceTypes);
    }

    fn const_expr(&mut self, expr: &ConstExpr<'a>) -> Result<()> {
        self.operators.const_expr(expr, self.spaces.globals.imported() as u32)
    }

    /// An expression that instantiating the module evaluates: the functions it names can be reached.
    fn root_expr(&mut self, expr: &ConstExpr<'a>) -> Result<()> {
        self.const_expr(expr)?;
        self.code.graph.roots(&mut self.operators.targets);
        Ok(())
    }

    fn table_section(&mut self, section: TableSectionReader<'a>) -> Result<()> {
        for table in section.into_iter().take(MAX_ENTRIES) {
            let table = table?;
            self.spaces.tables.define(table.ty);
            self.table(table.ty);
            if let TableInit::Expr(expr) = table.init {
                self.operators.features.add(Feature::TypedFunctionReferences);
                self.root_expr(&expr)?;
            }
        }
        Ok(())
    }

    fn global_section(&mut self, section: GlobalSectionReader<'a>) -> Result<()> {
        for global in section.into_iter().take(MAX_ENTRIES) {
            let global = global?;
            self.operators.features.global(&global.ty);
            self.spaces.globals.define(global.ty);
            self.root_expr(&global.init_expr)?;
        }
        Ok(())
    }

    fn element_section(&mut self, section: ElementSectionReader<'a>) -> Result<()> {
        for element in section.into_iter().take(MAX_ENTRIES) {
            let element = element?;
            self.operators.features.element(&element.kind, &element.items);
            self.elements.segments += 1;
            self.elements.entries += u64::from(match &element.items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            });
            if let ElementKind::Active { offset_expr, .. } = &element.kind {
                self.root_expr(offset_expr)?;
            }
            self.element_items(element.items)?;
            match element.kind {
                ElementKind::Declared => self.operators.targets.clear(),
                _ => self.code.graph.roots(&mut self.operators.targets),
            }
        }
        Ok(())
    }

    fn element_items(&mut self, items: ElementItems<'a>) -> Result<()> {
        match items {
            ElementItems::Functions(items) => {
                for function in items {
                    self.operators.targets.push(function?);
                }
            }
            ElementItems::Expressions(_, items) => {
                for expr in items {
                    self.const_expr(&expr?)?;
                }
            }
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'a>) -> Result<()> {
        let end = body.range().end;
        let read = self.operators.body(body);
        // A section's size is a u32, so a body's is.
        self.code.sizes.push((end - self.next_body) as u32);
        self.code.fingerprints.push(self.operators.hash.finish());
        self.code.graph.body(&mut self.operators.targets, &mut self.operators.mentions);
        self.next_body = end;
        read
    }

    fn data_section(&mut self, section: DataSectionReader<'a>) -> Result<()> {
        for segment in section.into_iter().take(MAX_ENTRIES) {
            let segment = segment?;
            self.segments.push(segment.data.len() as u64);
            match segment.kind {
                DataKind::Passive => self.operators.features.add(Feature::BulkMemory),
                DataKind::Active { offset_expr, .. } => {
                    self.const_expr(&offset_expr)?;
                }
            }
        }
        Ok(())
    }

    /// The first `limit` exports whose index leads somewhere.
    pub fn typed_exports(&mut self, limit: Option<usize>) -> Vec<answer::Export<'a>> {
        let limit = limit.unwrap_or(usize::MAX);
        let mut exports = Vec::with_capacity(self.exports.len().min(limit));
        for export in &self.exports {
            // What an export is of is spelled out where it is listed, and a global's always: it may need a feature.
            if exports.len() == limit && export.kind != ExternalKind::Global {
                continue;
            }
            let Some(ty) = self.spaces.type_of_export(export) else { continue };
            let is_mutable = matches!(&ty, ExternType::Global(global) if global.mutable);
            self.operators.features.add_if(is_mutable, Feature::MutableGlobals);
            if exports.len() < limit {
                exports.push(answer::Export { name: capped(export.name), ty });
            }
        }
        exports
    }
}
