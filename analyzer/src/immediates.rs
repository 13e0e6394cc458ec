//! Immediates: what the operands of instructions mean for features and fingerprints. Values -> notes.

use wasmparser::{
    BlockType, BrTable, Catch, HeapType, Ieee32, Ieee64, MemArg, MemArgOrdering, MemArgTarget, Ordering, RefType,
    ResumeTable, TryTable, V128, ValType,
};

use crate::features::Feature;
use crate::fingerprint::{is_index, may_be_address, may_be_base};
use crate::operators::Operators;

/// An immediate, which may itself need a feature.
pub trait Immediate {
    /// Notes what is of interest in it; says whether it may be another in another build of the same code.
    fn note(self, operators: &mut Operators) -> bool;
}

macro_rules! plain {
    ($($ty:ty),*) => {
        $(impl Immediate for $ty {
            #[inline(always)]
            fn note(self, _: &mut Operators) -> bool {
                false
            }
        })*
    };
}

plain!(u8, u32, i64, [u8; 16], Ieee32, Ieee64, V128, BrTable<'_>);

impl Immediate for i32 {
    #[inline]
    fn note(self, operators: &mut Operators) -> bool {
        operators.mention(self as u32);
        may_be_address(self)
    }
}

impl Immediate for MemArg {
    #[inline]
    fn note(self, operators: &mut Operators) -> bool {
        if self.target == MemArgTarget::Memory(0) {
            operators.mention(self.offset as u32);
        }
        if matches!(self.target, MemArgTarget::Array(_)) {
            operators.features.add(Feature::MultibyteArrayAccess);
        }
        if let Some(MemArgOrdering::Op(ordering) | MemArgOrdering::Rmw(ordering)) = self.ordering {
            ordering.note(operators);
        }
        may_be_base(self.offset) || matches!(self.target, MemArgTarget::Array(_))
    }
}

impl Immediate for Ordering {
    fn note(self, operators: &mut Operators) -> bool {
        operators.features.add_if(self == Ordering::AcqRel, Feature::AcquireReleaseAtomics);
        false
    }
}

impl Immediate for BlockType {
    #[inline]
    fn note(self, operators: &mut Operators) -> bool {
        operators.features.block(self);
        match self {
            BlockType::Empty => false,
            BlockType::Type(ty) => has_index(ty),
            BlockType::FuncType(_) => true,
        }
    }
}

impl Immediate for TryTable {
    fn note(self, operators: &mut Operators) -> bool {
        let names_tag = |catch: &Catch| matches!(catch, Catch::One { .. } | Catch::OneRef { .. });
        self.ty.note(operators) | self.catches.iter().any(names_tag)
    }
}

impl Immediate for ResumeTable {
    fn note(self, _: &mut Operators) -> bool {
        true
    }
}

impl Immediate for ValType {
    fn note(self, operators: &mut Operators) -> bool {
        operators.features.value(self);
        has_index(self)
    }
}

impl Immediate for Vec<ValType> {
    fn note(self, operators: &mut Operators) -> bool {
        self.into_iter().fold(false, |index, ty| ty.note(operators) | index)
    }
}

impl Immediate for RefType {
    fn note(self, operators: &mut Operators) -> bool {
        operators.features.reference(self);
        is_index(self.heap_type())
    }
}

impl Immediate for HeapType {
    fn note(self, operators: &mut Operators) -> bool {
        operators.features.heap(self);
        is_index(self)
    }
}

fn has_index(ty: ValType) -> bool {
    matches!(ty, ValType::Ref(ty) if is_index(ty.heap_type()))
}
