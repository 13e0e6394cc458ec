//! Fingerprint: what stays the same of a function body when only its surroundings change. Instructions -> 64 bits.
//!
//! Two builds of the same source differ in every index and address: one function more shifts the indices of all that
//! follow. So these are left out: the operands of instructions that name a function, global, type, tag or segment;
//! constants and offsets that need three bytes or more, as addresses do. Everything else counts as it stands in the file:
//! operators, locals, labels, small numbers.

use wasmparser::{AbstractHeapType, HeapType, RefType, ValType};

use crate::json::Json;

/// Bodies up to this size have no fingerprint: too many of them are the same by chance.
pub const SMALLEST: u32 = 32;

/// The multiplier of FxHash: odd, with its bits well spread.
const SPREAD: u64 = 0x517c_c1b7_2722_0a95;

/// A finished fingerprint; as JSON 16 hexadecimal digits, because a number would not survive JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

impl Json for Fingerprint {
    fn write(&self, out: &mut String) {
        format!("{:016x}", self.0).write(out);
    }
}

/// A fingerprint under construction.
#[derive(Clone, Copy, Default)]
pub struct Hash(u64);

impl Hash {
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(SPREAD);
    }

    /// Bytes as they are, and how many.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        self.add(rest.iter().rev().fold(bytes.len() as u64 & 0xff, |tail, byte| tail << 8 | u64::from(*byte)));
    }

    pub fn value_type(&mut self, ty: ValType) {
        match ty {
            ValType::I32 => self.add(0x7f),
            ValType::I64 => self.add(0x7e),
            ValType::F32 => self.add(0x7d),
            ValType::F64 => self.add(0x7c),
            ValType::V128 => self.add(0x7b),
            ValType::Ref(ty) => self.reference(ty),
        }
    }

    fn reference(&mut self, ty: RefType) {
        self.add(u64::from(ty.is_nullable()));
        // The two that 1.0's first successors have are told apart, all others count as one.
        self.add(match ty.heap_type() {
            HeapType::Abstract { ty: AbstractHeapType::Func, .. } => 0x70,
            HeapType::Abstract { ty: AbstractHeapType::Extern, .. } => 0x6f,
            _ => 0,
        });
    }

    /// Ends a body and makes ready for the next.
    pub fn finish(&mut self) -> Fingerprint {
        // The last steps of MurmurHash3: in the state itself, low bits know nothing of high ones.
        let mut bits = std::mem::take(&mut self.0);
        bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        Fingerprint(bits ^ (bits >> 33))
    }
}

/// The instruction between two places in a body, as a number. Most are shorter than a word, and then it is their bytes.
#[inline(always)]
pub fn instruction(body: &[u8], before: usize, after: usize) -> u64 {
    let length = after - before;
    match body[before..].first_chunk::<8>() {
        Some(word) if length < 8 => first_bytes(u64::from_le_bytes(*word), length as u32),
        _ => other_instruction(&body[before..after]),
    }
}

/// The first `length` bytes of a little-endian word, at most 7.
#[inline(always)]
pub fn first_bytes(word: u64, length: u32) -> u64 {
    word & !(u64::MAX << (8 * length))
}

/// One of eight bytes or more, or one in the last bytes of its body.
#[cold]
fn other_instruction(bytes: &[u8]) -> u64 {
    if bytes.len() < 8 {
        return bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    let mut hash = Hash::default();
    hash.bytes(bytes);
    hash.0
}

/// Whether an `i32.const` may be an address: two bytes of signed LEB128 hold 14 bits.
pub fn may_be_address(value: i32) -> bool {
    !(-0x2000..0x2000).contains(&value)
}

/// Whether the offset of a load or store may be an address: two bytes of LEB128 hold 14 bits.
pub fn may_be_base(offset: u64) -> bool {
    offset >= 0x4000
}

/// Whether a reference's type is one of the module's own, which another build may number otherwise.
pub fn is_index(ty: HeapType) -> bool {
    !matches!(ty, HeapType::Abstract { .. })
}

/// A name as a number, at compile time: FNV-1a.
pub const fn number(name: &str) -> u64 {
    let (bytes, mut hash, mut at) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}
