//! Types in the text format's spelling (core spec, "Text Format", Types). ValType -> "(ref null 3)".

use std::fmt;

use wasmparser::{AbstractHeapType, HeapType, RefType, UnpackedIndex, ValType};

use crate::json::Json;

/// A value type that prints as the text format writes it. Concrete types print their index in the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(ValType);

impl From<ValType> for Text {
    fn from(ty: ValType) -> Self {
        Text(ty)
    }
}

impl From<RefType> for Text {
    fn from(ty: RefType) -> Self {
        Text(ValType::Ref(ty))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ValType::I32 => f.write_str("i32"),
            ValType::I64 => f.write_str("i64"),
            ValType::F32 => f.write_str("f32"),
            ValType::F64 => f.write_str("f64"),
            ValType::V128 => f.write_str("v128"),
            ValType::Ref(ty) => reference(f, ty),
        }
    }
}

fn reference(f: &mut fmt::Formatter<'_>, ty: RefType) -> fmt::Result {
    let null = if ty.is_nullable() { "null " } else { "" };
    match ty.heap_type() {
        HeapType::Abstract { shared: false, ty } if !null.is_empty() => f.write_str(abbreviation(ty)),
        HeapType::Abstract { shared: false, ty } => write!(f, "(ref {})", keyword(ty)),
        HeapType::Abstract { shared: true, ty } => write!(f, "(ref {null}(shared {}))", keyword(ty)),
        HeapType::Concrete(index) => write!(f, "(ref {null}{})", number(index)),
        HeapType::Exact(index) => write!(f, "(ref {null}(exact {}))", number(index)),
    }
}

/// What is read from a module's bytes counts within the module; the other kinds exist in the validator only.
fn number(index: UnpackedIndex) -> u32 {
    match index {
        UnpackedIndex::Module(index) | UnpackedIndex::RecGroup(index) => index,
        UnpackedIndex::Id(_) => u32::MAX,
    }
}

fn keyword(ty: AbstractHeapType) -> &'static str {
    match ty {
        AbstractHeapType::Func => "func",
        AbstractHeapType::Extern => "extern",
        AbstractHeapType::Any => "any",
        AbstractHeapType::None => "none",
        AbstractHeapType::NoExtern => "noextern",
        AbstractHeapType::NoFunc => "nofunc",
        AbstractHeapType::Eq => "eq",
        AbstractHeapType::Struct => "struct",
        AbstractHeapType::Array => "array",
        AbstractHeapType::I31 => "i31",
        AbstractHeapType::Exn => "exn",
        AbstractHeapType::NoExn => "noexn",
        AbstractHeapType::Cont => "cont",
        AbstractHeapType::NoCont => "nocont",
    }
}

fn abbreviation(ty: AbstractHeapType) -> &'static str {
    match ty {
        AbstractHeapType::Func => "funcref",
        AbstractHeapType::Extern => "externref",
        AbstractHeapType::Any => "anyref",
        AbstractHeapType::None => "nullref",
        AbstractHeapType::NoExtern => "nullexternref",
        AbstractHeapType::NoFunc => "nullfuncref",
        AbstractHeapType::Eq => "eqref",
        AbstractHeapType::Struct => "structref",
        AbstractHeapType::Array => "arrayref",
        AbstractHeapType::I31 => "i31ref",
        AbstractHeapType::Exn => "exnref",
        AbstractHeapType::NoExn => "nullexnref",
        AbstractHeapType::Cont => "contref",
        AbstractHeapType::NoCont => "nullcontref",
    }
}

impl Json for Text {
    fn write(&self, out: &mut String) {
        self.to_string().write(out);
    }
}
