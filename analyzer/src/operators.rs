//! Operators: the one pass over all instructions. Function bodies, constant expressions -> Features, targets, Hash.

use wasmparser::{
    BinaryReader, ConstExpr, FrameKind, FrameStack, FunctionBody, Operator, Result, VisitOperator, VisitSimdOperator,
};

use crate::common;
use crate::features::{Feature, Features};
use crate::fingerprint::{self, Hash, number};
use crate::immediates::Immediate;
use crate::segments::{Range, Segments};

/// Notes what is of interest in every instruction it is shown; one value serves a whole module.
#[derive(Default)]
pub struct Operators {
    pub features: Features,
    /// The functions that were called or referred to, until somebody takes them.
    pub targets: Vec<u32>,
    /// Which constants may be addresses.
    pub segments: Segments,
    /// The data segments that are used by their index, or into which a constant points, until somebody takes them.
    pub mentions: Vec<u32>,
    /// The last of them: the next constant most often points there, too.
    last_mentioned: Range,
    /// Of the instructions since somebody last took it.
    pub hash: Hash,
    /// Set by an instruction whose operands may be others in another build of the same code: what to hash instead of it.
    masked: u64,
    /// Set by an instruction that ends in what 1.0 knows as a reserved zero byte: what a longer index would need.
    reserved: Option<Feature>,
    pub frames: Vec<FrameKind>,
}

impl Operators {
    /// Decodes a whole body; fails where it cannot be decoded.
    pub fn body(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        self.hash = Hash::default();
        // A constant expression may have left one.
        self.masked = 0;
        self.targets.clear();
        self.mentions.clear();
        self.last_mentioned = Range::default();
        let mut locals = body.get_locals_reader()?.into_iter();
        for group in locals.by_ref() {
            let (count, ty) = group?;
            self.features.value(ty);
            self.hash.add(u64::from(count));
            self.hash.value_type(ty);
        }
        let mut reader = locals.into_binary_reader_for_operators();
        self.frames.clear();
        self.frames.push(FrameKind::Block);
        let (bytes, start) = (body.as_bytes(), body.range().start);
        let position = |reader: &BinaryReader<'_>| (reader.original_position() - start) as usize;
        let mut at = position(&reader);
        while at < bytes.len() {
            at = self.common(bytes, at);
            if at == bytes.len() {
                break;
            }
            reader.read_bytes(at - position(&reader))?;
            reader.visit_operator(self)?;
            let after = position(&reader);
            let hash = match self.take_mask() {
                0 => fingerprint::instruction(bytes, at, after),
                mask => mask,
            };
            self.hash.add(hash);
            if let Some(feature) = self.reserved.take() {
                self.features.add_if(is_padded(&bytes[..after]), feature);
            }
            at = after;
        }
        reader.read_bytes(at - position(&reader))?;
        reader.finish_expression(self)
    }

    /// Reads the common instructions that stand at `at`; gives where another one stands.
    #[inline(always)]
    fn common(&mut self, bytes: &[u8], mut at: usize) -> usize {
        // In a variable of its own, because it changes with every instruction.
        let mut hash = self.hash;
        // Behind the end of the body nothing is common. The last seven bytes are no word.
        while !self.frames.is_empty()
            && let Some(word) = bytes[at..].first_chunk::<8>()
        {
            let word = u64::from_le_bytes(*word);
            let Some(first) = common::shortest(word) else {
                let Some(read) = common::read(word, self) else { break };
                hash.add(read.hash);
                at += read.length as usize;
                continue;
            };
            hash.add(first.hash);
            at += first.length as usize;
            // Five bytes are left at least, and three are looked at.
            if let Some(second) = common::shortest(word >> (8 * first.length)) {
                hash.add(second.hash);
                at += second.length as usize;
            }
        }
        self.hash = hash;
        at
    }

    /// What to hash instead of the instruction that was visited; 0 for that itself.
    pub fn take_mask(&mut self) -> u64 {
        std::mem::take(&mut self.masked)
    }

    /// In 1.0 a constant expression is one `const`, or the `global.get` of an import.
    pub fn const_expr(&mut self, expr: &ConstExpr<'_>, imported_globals: u32) -> Result<()> {
        use Operator::{GlobalGet, I32Add, I32Mul, I32Sub, I64Add, I64Mul, I64Sub};
        let mut reader = expr.get_operators_reader();
        while !reader.eof() {
            let operator = reader.read()?;
            match operator {
                I32Add | I32Sub | I32Mul | I64Add | I64Sub | I64Mul => {
                    self.features.add(Feature::ExtendedConst);
                }
                GlobalGet { global_index } if global_index >= imported_globals => {
                    self.features.add(Feature::Gc);
                }
                _ => {}
            }
            self.visit_operator(&operator);
        }
        Ok(())
    }
}

/// Whether the index at the end of `instruction` is longer than one byte: only then has the last byte but one its
/// continuation bit set. LLVM pads the table index of `call_indirect` to five bytes, which 1.0 refuses.
fn is_padded(instruction: &[u8]) -> bool {
    instruction.iter().rev().nth(1).is_some_and(|byte| byte & 0x80 != 0)
}

impl FrameStack for Operators {
    #[inline]
    fn current_frame(&self) -> Option<FrameKind> {
        self.frames.last().copied()
    }
}

impl Operators {
    #[inline(always)]
    pub fn mention(&mut self, address: u32) {
        if self.segments.may_hold(address)
            && address.wrapping_sub(self.last_mentioned.start) >= self.last_mentioned.length
        {
            self.mention_segment(address);
        }
    }

    #[cold]
    fn mention_segment(&mut self, address: u32) {
        if let Some(range) = self.segments.at(address) {
            self.last_mentioned = range;
            self.mentions.push(range.index);
        }
    }

    fn reframe(&mut self, frame: FrameKind) {
        self.frames.pop();
        self.frames.push(frame);
    }
}

macro_rules! visit {
    ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*) )*) => {
        $(
            #[inline]
            fn $visit(&mut self $($(, $arg: $argty)*)?) {
                visit!(@frame self $op);
                visit!(@proposal self $proposal);
                visit!(@reserved self $op);
                $($( visit!(@immediate self $op $arg $arg); )*)?
            }
        )*
    };
// By what an immediate is called: indices of what may stand elsewhere in another build are not hashed.
    (@immediate $self:ident $op:ident function_index $value:ident) => {
        $self.targets.push($value);
        visit!(@mask $self $op);
    };
    (@immediate $self:ident $op:ident data_index $value:ident) => {
        $self.mentions.push($value);
        visit!(@mask $self $op);
    };
    (@immediate $self:ident $op:ident array_data_index $value:ident) => {
        $self.mentions.push($value);
        visit!(@mask $self $op);
    };
    (@immediate $self:ident $op:ident global_index $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident type_index $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident struct_type_index $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident array_type_index $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident array_type_index_src $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident array_type_index_dst $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident cont_type_index $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident tag_index $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident elem_index $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident array_elem_index $value:ident) => { visit!(@ignore $self $op $value) };
    (@immediate $self:ident $op:ident $name:ident $value:ident) => {
        if $value.note($self) {
            visit!(@mask $self $op);
        }
    };
    (@ignore $self:ident $op:ident $value:ident) => {
        let _ = $value;
        visit!(@mask $self $op);
    };
    (@mask $self:ident $op:ident) => { $self.masked = const { number(stringify!($op)) } };
    (@frame $self:ident Block) => { $self.frames.push(FrameKind::Block) };
    (@frame $self:ident Loop) => { $self.frames.push(FrameKind::Loop) };
    (@frame $self:ident If) => { $self.frames.push(FrameKind::If) };
    (@frame $self:ident Try) => { $self.frames.push(FrameKind::LegacyTry) };
    (@frame $self:ident TryTable) => { $self.frames.push(FrameKind::TryTable) };
    (@frame $self:ident Else) => { $self.reframe(FrameKind::Else) };
    (@frame $self:ident Catch) => { $self.reframe(FrameKind::LegacyCatch) };
    (@frame $self:ident CatchAll) => { $self.reframe(FrameKind::LegacyCatchAll) };
    (@frame $self:ident Delegate) => { $self.frames.pop() };
    (@frame $self:ident End) => { $self.frames.pop() };
    (@frame $self:ident $op:ident) => {};
    (@reserved $self:ident CallIndirect) => { $self.reserved = Some(Feature::ReferenceTypes) };
    (@reserved $self:ident MemorySize) => { $self.reserved = Some(Feature::MultiMemory) };
    (@reserved $self:ident MemoryGrow) => { $self.reserved = Some(Feature::MultiMemory) };
    (@reserved $self:ident $op:ident) => {};
    (@proposal $self:ident mvp) => {};
    (@proposal $self:ident acquire_release_atomics) => { visit!(@add $self AcquireReleaseAtomics) };
    (@proposal $self:ident bulk_memory) => { visit!(@add $self BulkMemory) };
    (@proposal $self:ident custom_descriptors) => { visit!(@add $self CustomDescriptors) };
    (@proposal $self:ident exceptions) => { visit!(@add $self Exceptions) };
    (@proposal $self:ident function_references) => { visit!(@add $self TypedFunctionReferences) };
    (@proposal $self:ident gc) => { visit!(@add $self Gc) };
    (@proposal $self:ident legacy_exceptions) => { visit!(@add $self LegacyExceptions) };
    (@proposal $self:ident memory_control) => { visit!(@add $self MemoryControl) };
    (@proposal $self:ident reference_types) => { visit!(@add $self ReferenceTypes) };
    (@proposal $self:ident relaxed_simd) => { visit!(@add $self RelaxedSimd) };
    (@proposal $self:ident saturating_float_to_int) => { visit!(@add $self SaturatedFloatToInt) };
    (@proposal $self:ident shared_everything_threads) => { visit!(@add $self SharedEverythingThreads) };
    (@proposal $self:ident sign_extension) => { visit!(@add $self SignExtensions) };
    (@proposal $self:ident simd) => { visit!(@add $self Simd) };
    (@proposal $self:ident stack_switching) => { visit!(@add $self StackSwitching) };
    (@proposal $self:ident tail_call) => { visit!(@add $self TailCall) };
    (@proposal $self:ident threads) => { visit!(@add $self Threads) };
    (@proposal $self:ident wide_arithmetic) => { visit!(@add $self WideArithmetic) };
    (@add $self:ident $feature:ident) => { $self.features.add(Feature::$feature) };
}

impl<'a> VisitOperator<'a> for Operators {
    type Output = ();

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = ()>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(visit);
}

impl VisitSimdOperator<'_> for Operators {
    wasmparser::for_each_visit_simd_operator!(visit);
}
