//! Fingerprint: what stays the same of a function body when only its surroundings change. Instructions -> 64 bits.
//!
//! Two builds of the same source differ in every index and address: one function more shifts the indices of all that
//! follow. So these are left out: indices of functions, globals, types, tags and segments; constants and offsets that
//! need three bytes or more, as addresses do. Everything else counts: operators, locals, labels, small numbers.

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
#[derive(Default)]
pub struct Hash(u64);

impl Hash {
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(SPREAD);
    }

    /// An `i32.const`, unless it may be an address: two bytes of signed LEB128 hold 14 bits.
    #[inline]
    pub fn constant(&mut self, value: i32) {
        self.add(if (-0x2000..0x2000).contains(&value) { value as u64 } else { 0x2000 });
    }

    /// The offset of a load or store, unless it may be an address: two bytes of LEB128 hold 14 bits.
    #[inline]
    pub fn offset(&mut self, value: u64) {
        self.add(value.min(0x4000));
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

    pub fn reference(&mut self, ty: RefType) {
        self.add(u64::from(ty.is_nullable()));
        self.heap(ty.heap_type());
    }

    /// The two that 1.0 and its first successors have are told apart, all others count as one.
    pub fn heap(&mut self, ty: HeapType) {
        self.add(match ty {
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

/// A name as a number, at compile time: FNV-1a.
pub const fn number(name: &str) -> u64 {
    let (bytes, mut hash, mut at) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}
