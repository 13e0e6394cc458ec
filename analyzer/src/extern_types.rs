//! Extern types: the types of imports and exports as the answer spells them. wasmparser's types -> ExternType.

use wasmparser::{FuncType, GlobalType, MemoryType, TableType};

use crate::json::{Fields, Object, fields};
use crate::types::Text;

/// The type of an import or export. Value types are in the text format's spelling.
#[derive(Debug)]
pub enum ExternType {
    Func(Signature),
    Memory(MemoryLimits),
    Table(TableLimits),
    Global(GlobalKind),
    Tag(Signature),
}

#[derive(Debug)]
pub struct Signature {
    pub params: Vec<Text>,
    pub results: Vec<Text>,
}

impl From<&FuncType> for Signature {
    fn from(ty: &FuncType) -> Self {
        let text = |types: &[wasmparser::ValType]| types.iter().copied().map(Text::from).collect();
        Signature { params: text(ty.params()), results: text(ty.results()) }
    }
}

/// `minimum` and `maximum` count pages of `page_size` bytes.
#[derive(Clone, Copy, Debug)]
pub struct MemoryLimits {
    pub minimum: u64,
    pub maximum: Option<u64>,
    pub shared: bool,
    pub memory64: bool,
    pub page_size: u64,
}

impl From<MemoryType> for MemoryLimits {
    fn from(ty: MemoryType) -> Self {
        MemoryLimits {
            minimum: ty.initial,
            maximum: ty.maximum,
            shared: ty.shared,
            memory64: ty.memory64,
            // A malformed exponent is the validator's to report; here it must only not overflow.
            page_size: 1u64.checked_shl(ty.page_size_log2.unwrap_or(16)).unwrap_or(0),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct TableLimits {
    pub element: Text,
    pub minimum: u64,
    pub maximum: Option<u64>,
    pub table64: bool,
    pub shared: bool,
}

impl From<TableType> for TableLimits {
    fn from(ty: TableType) -> Self {
        TableLimits {
            element: ty.element_type.into(),
            minimum: ty.initial,
            maximum: ty.maximum,
            table64: ty.table64,
            shared: ty.shared,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct GlobalKind {
    pub value: Text,
    pub mutable: bool,
    pub shared: bool,
}

impl From<GlobalType> for GlobalKind {
    fn from(ty: GlobalType) -> Self {
        GlobalKind { value: ty.content_type.into(), mutable: ty.mutable, shared: ty.shared }
    }
}

fields!(Signature: params, results);
fields!(MemoryLimits: minimum, maximum, shared, memory64, page_size);
fields!(TableLimits: element, minimum, maximum, table64, shared);
fields!(GlobalKind: value, mutable, shared);

impl Fields for ExternType {
    fn fields(&self, object: &mut Object<'_>) {
        let (kind, fields): (_, &dyn Fields) = match self {
            ExternType::Func(ty) => ("func", ty),
            ExternType::Memory(ty) => ("memory", ty),
            ExternType::Table(ty) => ("table", ty),
            ExternType::Global(ty) => ("global", ty),
            ExternType::Tag(ty) => ("tag", ty),
        };
        object.field("kind", &kind);
        fields.fields(object);
    }
}
