//! Immediates: what the operands of instructions mean for features and fingerprints. Values -> notes.

use wasmparser::{
    BlockType, BrTable, Catch, HeapType, Ieee32, Ieee64, MemArg, MemArgOrdering, MemArgTarget, Ordering, RefType,
    Result, ResumeTable, TryTable, V128, ValType,
};

use crate::features::Feature;
use crate::operators::Operators;

/// An immediate: counts for the fingerprint, and may itself need a feature.
pub trait Immediate {
    fn note(self, operators: &mut Operators);
}

macro_rules! number {
    ($($ty:ty),*) => {
        $(impl Immediate for $ty {
            #[inline]
            fn note(self, operators: &mut Operators) {
                operators.hash.add(self as u64);
            }
        })*
    };
}

number!(u8, u32, i64);

impl Immediate for i32 {
    #[inline]
    fn note(self, operators: &mut Operators) {
        operators.mention(self as u32);
        operators.hash.constant(self);
    }
}

impl Immediate for [u8; 16] {
    fn note(self, operators: &mut Operators) {
        operators.hash.add(u128::from_le_bytes(self) as u64);
        operators.hash.add((u128::from_le_bytes(self) >> 64) as u64);
    }
}

impl Immediate for Ieee32 {
    fn note(self, operators: &mut Operators) {
        operators.hash.add(u64::from(self.bits()));
    }
}

impl Immediate for Ieee64 {
    fn note(self, operators: &mut Operators) {
        operators.hash.add(self.bits());
    }
}

impl Immediate for V128 {
    fn note(self, operators: &mut Operators) {
        self.bytes().note(operators);
    }
}

impl Immediate for BrTable<'_> {
    fn note(self, operators: &mut Operators) {
        operators.hash.add(u64::from(self.default()));
        self.targets().map_while(Result::ok).for_each(|label| operators.hash.add(u64::from(label)));
    }
}

impl Immediate for ResumeTable {
    fn note(self, operators: &mut Operators) {
        operators.hash.add(self.handlers.len() as u64);
    }
}

impl Immediate for BlockType {
    #[inline]
    fn note(self, operators: &mut Operators) {
        operators.features.block(self);
        match self {
            BlockType::Empty => operators.hash.add(0x40),
            BlockType::Type(ty) => operators.hash.value_type(ty),
            BlockType::FuncType(_) => operators.hash.add(0),
        }
    }
}

impl Immediate for TryTable {
    fn note(self, operators: &mut Operators) {
        self.ty.note(operators);
        for catch in self.catches {
            let (Catch::One { label, .. }
            | Catch::OneRef { label, .. }
            | Catch::All { label }
            | Catch::AllRef { label }) = catch;
            operators.hash.add(u64::from(label));
        }
    }
}

impl Immediate for ValType {
    fn note(self, operators: &mut Operators) {
        operators.features.value(self);
        operators.hash.value_type(self);
    }
}

impl Immediate for Vec<ValType> {
    fn note(self, operators: &mut Operators) {
        self.into_iter().for_each(|ty| ty.note(operators));
    }
}

impl Immediate for RefType {
    fn note(self, operators: &mut Operators) {
        operators.features.reference(self);
        operators.hash.reference(self);
    }
}

impl Immediate for HeapType {
    fn note(self, operators: &mut Operators) {
        operators.features.heap(self);
        operators.hash.heap(self);
    }
}

impl Immediate for Ordering {
    fn note(self, operators: &mut Operators) {
        operators.features.add_if(self == Ordering::AcqRel, Feature::AcquireReleaseAtomics);
        operators.hash.add(u64::from(self == Ordering::AcqRel));
    }
}

impl Immediate for MemArg {
    #[inline]
    fn note(self, operators: &mut Operators) {
        operators.hash.offset(self.offset);
        if self.target == MemArgTarget::Memory(0) {
            operators.mention(self.offset as u32);
        }
        operators.hash.add(u64::from(self.align));
        match self.target {
            MemArgTarget::Memory(memory) => operators.hash.add(u64::from(memory)),
            MemArgTarget::Array(_) => operators.features.add(Feature::MultibyteArrayAccess),
        }
        if let Some(MemArgOrdering::Op(ordering) | MemArgOrdering::Rmw(ordering)) = self.ordering {
            ordering.note(operators);
        }
    }
}
