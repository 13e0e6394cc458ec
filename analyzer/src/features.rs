//! Features: the proposals beyond WebAssembly 1.0 that a module needs, told by what it uses.
//!
//! Names are those of <https://webassembly.org/features/> in kebab-case, proposals that are not listed there by the
//! name of their repository. `exceptions` stands for tags and `throw`, which both versions of the proposal share;
//! `legacy-exceptions` is added by the older `try`. `reference-types` and `bulk-memory` also stand for the parts
//! of them that LLVM calls `call-indirect-overlong` and `bulk-memory-opt`.

use wasmparser::{
    AbstractHeapType, BlockType, CompositeInnerType, ElementItems, ElementKind, FieldType, FuncType, GlobalType,
    HeapType, MemoryType, RecGroup, RefType, StorageType, SubType, TableType, ValType,
};

macro_rules! features {
    ($($feature:ident $name:literal)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Feature { $($feature),* }

        const NAMES: &[&str] = &[$($name),*];
    };
}

// Sorted by name, so that the answer is sorted as well.
features! {
    AcquireReleaseAtomics "acquire-release-atomics"
    BulkMemory "bulk-memory"
    CompactImportSection "compact-import-section"
    CustomDescriptors "custom-descriptors"
    CustomPageSizes "custom-page-sizes"
    Exceptions "exceptions"
    ExtendedConst "extended-const"
    Gc "gc"
    LegacyExceptions "legacy-exceptions"
    Memory64 "memory64"
    MemoryControl "memory-control"
    MultiMemory "multi-memory"
    MultiValue "multi-value"
    MultibyteArrayAccess "multibyte-array-access"
    MutableGlobals "mutable-globals"
    ReferenceTypes "reference-types"
    RelaxedSimd "relaxed-simd"
    SaturatedFloatToInt "saturated-float-to-int"
    SharedEverythingThreads "shared-everything-threads"
    SignExtensions "sign-extensions"
    Simd "simd"
    StackSwitching "stack-switching"
    TailCall "tail-call"
    Threads "threads"
    TypedFunctionReferences "typed-function-references"
    WideArithmetic "wide-arithmetic"
}

/// A set of features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features(u32);

impl Features {
    #[inline]
    pub fn add(&mut self, feature: Feature) {
        self.0 |= 1 << feature as u32;
    }

    pub fn add_if(&mut self, condition: bool, feature: Feature) {
        if condition {
            self.add(feature);
        }
    }

    pub fn names(self) -> Vec<&'static str> {
        NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0).map(|(_, name)| *name).collect()
    }

    pub fn value(&mut self, ty: ValType) {
        match ty {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => {}
            ValType::V128 => self.add(Feature::Simd),
            ValType::Ref(ty) => self.reference(ty),
        }
    }

    pub fn reference(&mut self, ty: RefType) {
        self.add(Feature::ReferenceTypes);
        self.heap(ty.heap_type());
        let plain =
            matches!(ty.heap_type(), HeapType::Abstract { ty: AbstractHeapType::Func | AbstractHeapType::Extern, .. });
        self.add_if(plain && !ty.is_nullable(), Feature::TypedFunctionReferences);
    }

    pub fn heap(&mut self, ty: HeapType) {
        use AbstractHeapType::{Any, Array, Eq, I31, NoExtern, NoFunc, None, Struct};
        use AbstractHeapType::{Cont, Exn, Extern, Func, NoCont, NoExn};
        match ty {
            HeapType::Concrete(_) => self.add(Feature::TypedFunctionReferences),
            HeapType::Exact(_) => self.add(Feature::CustomDescriptors),
            HeapType::Abstract { shared, ty } => {
                self.add_if(shared, Feature::SharedEverythingThreads);
                match ty {
                    Func | Extern => {}
                    Any | None | NoExtern | NoFunc | Eq | Struct | Array | I31 => self.add(Feature::Gc),
                    Exn | NoExn => self.add(Feature::Exceptions),
                    Cont | NoCont => self.add(Feature::StackSwitching),
                }
            }
        }
    }

    /// In 1.0 a block has no parameters and at most one result, so a block with a type index is multi-value.
    pub fn block(&mut self, ty: BlockType) {
        match ty {
            BlockType::Empty => {}
            BlockType::Type(ty) => self.value(ty),
            BlockType::FuncType(_) => self.add(Feature::MultiValue),
        }
    }

    pub fn rec_group(&mut self, group: &RecGroup) {
        self.add_if(group.is_explicit_rec_group(), Feature::Gc);
        group.types().for_each(|ty| self.sub_type(ty));
    }

    fn sub_type(&mut self, ty: &SubType) {
        let composite = &ty.composite_type;
        let described = composite.descriptor_idx.is_some() || composite.describes_idx.is_some();
        self.add_if(!ty.is_final || !ty.supertype_idxs.is_empty(), Feature::Gc);
        self.add_if(composite.shared, Feature::SharedEverythingThreads);
        self.add_if(described, Feature::CustomDescriptors);
        match &composite.inner {
            CompositeInnerType::Func(ty) => self.func(ty),
            CompositeInnerType::Cont(_) => self.add(Feature::StackSwitching),
            CompositeInnerType::Array(ty) => self.fields(&[ty.0]),
            CompositeInnerType::Struct(ty) => self.fields(&ty.fields),
        }
    }

    fn func(&mut self, ty: &FuncType) {
        self.add_if(ty.results().len() > 1, Feature::MultiValue);
        ty.params().iter().chain(ty.results()).for_each(|ty| self.value(*ty));
    }

    fn fields(&mut self, fields: &[FieldType]) {
        self.add(Feature::Gc);
        for field in fields {
            if let StorageType::Val(ty) = field.element_type {
                self.value(ty);
            }
        }
    }

    pub fn memory(&mut self, ty: &MemoryType) {
        self.add_if(ty.memory64, Feature::Memory64);
        self.add_if(ty.shared, Feature::Threads);
        self.add_if(ty.page_size_log2.is_some(), Feature::CustomPageSizes);
    }

    pub fn table(&mut self, ty: &TableType) {
        self.add_if(ty.table64, Feature::Memory64);
        self.add_if(ty.shared, Feature::SharedEverythingThreads);
        // A table of funcref is what 1.0 has.
        if ty.element_type != RefType::FUNCREF {
            self.reference(ty.element_type);
        }
    }

    pub fn global(&mut self, ty: &GlobalType) {
        self.add_if(ty.shared, Feature::SharedEverythingThreads);
        self.value(ty.content_type);
    }

    pub fn element(&mut self, kind: &ElementKind<'_>, items: &ElementItems<'_>) {
        self.add_if(matches!(kind, ElementKind::Passive | ElementKind::Declared), Feature::BulkMemory);
        if let ElementItems::Expressions(ty, _) = items {
            self.reference(*ty);
        }
    }
}
