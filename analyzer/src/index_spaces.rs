//! Index spaces: what an index in a module means (core spec, "Indices"). Types, imports, definitions -> ExternType.

use wasmparser::{Export, ExternalKind, FuncType, GlobalType, MemoryType, TableType, TypeRef};

use crate::answer::Counts;
use crate::extern_types::{ExternType, Signature};

/// The entities of one kind. Imports come first: the parser refuses an import section after any definition.
#[derive(Debug)]
pub struct Space<T> {
    entities: Vec<T>,
    imported: usize,
}

impl<T> Default for Space<T> {
    fn default() -> Self {
        Space { entities: Vec::new(), imported: 0 }
    }
}

impl<T: Copy> Space<T> {
    pub fn import(&mut self, entity: T) {
        self.entities.push(entity);
        self.imported += 1;
    }

    pub fn define(&mut self, entity: T) {
        self.entities.push(entity);
    }

    pub fn get(&self, index: u32) -> Option<T> {
        self.entities.get(index as usize).copied()
    }

    pub fn len(&self) -> usize {
        self.entities.len()
    }

    pub fn imported(&self) -> usize {
        self.imported
    }

    pub fn counts(&self) -> Counts {
        Counts { imported: self.imported, defined: self.len() - self.imported }
    }

    /// All entities, and whether each is imported.
    pub fn iter(&self) -> impl Iterator<Item = (T, bool)> {
        self.entities.iter().enumerate().map(|(index, entity)| (*entity, index < self.imported))
    }
}

/// The index spaces of one module. Functions and tags are known by the index of their type.
#[derive(Default)]
pub struct IndexSpaces {
    /// `None` for a type that is no function's.
    pub types: Vec<Option<FuncType>>,
    pub functions: Space<u32>,
    pub tables: Space<TableType>,
    pub memories: Space<MemoryType>,
    pub globals: Space<GlobalType>,
    pub tags: Space<u32>,
}

impl IndexSpaces {
    /// Takes in an import.
    pub fn import(&mut self, ty: &TypeRef) {
        match *ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => self.functions.import(ty),
            TypeRef::Table(ty) => self.tables.import(ty),
            TypeRef::Memory(ty) => self.memories.import(ty),
            TypeRef::Global(ty) => self.globals.import(ty),
            TypeRef::Tag(ty) => self.tags.import(ty.func_type_idx),
        }
    }

    /// The type of an import, or `None` where an index leads nowhere: then the module is invalid.
    pub fn type_of_import(&self, ty: &TypeRef) -> Option<ExternType> {
        match *ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => self.signature(ty).map(ExternType::Func),
            TypeRef::Table(ty) => Some(ExternType::Table(ty.into())),
            TypeRef::Memory(ty) => Some(ExternType::Memory(ty.into())),
            TypeRef::Global(ty) => Some(ExternType::Global(ty.into())),
            TypeRef::Tag(ty) => self.signature(ty.func_type_idx).map(ExternType::Tag),
        }
    }

    /// The type of an export, or `None` where an index leads nowhere: then the module is invalid.
    pub fn type_of_export(&self, export: &Export<'_>) -> Option<ExternType> {
        let index = export.index;
        match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                self.signature(self.functions.get(index)?).map(ExternType::Func)
            }
            ExternalKind::Table => self.tables.get(index).map(|ty| ExternType::Table(ty.into())),
            ExternalKind::Memory => self.memories.get(index).map(|ty| ExternType::Memory(ty.into())),
            ExternalKind::Global => self.globals.get(index).map(|ty| ExternType::Global(ty.into())),
            ExternalKind::Tag => self.signature(self.tags.get(index)?).map(ExternType::Tag),
        }
    }

    fn signature(&self, ty: u32) -> Option<Signature> {
        self.types.get(ty as usize)?.as_ref().map(Signature::from)
    }
}
