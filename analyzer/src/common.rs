//! Common instructions: those that nearly all code consists of, read from one word. Eight bytes -> Common.
//!
//! wasmparser reads every instruction there is, with every proposal's operands. Nineteen of twenty that a compiler
//! writes have one of a few forms, at most four bytes of operand, and mean nothing to features: such an instruction ends
//! with the first byte that has no continuation bit. Reading these here takes two thirds of the time of a large module.
//! Everything else, and whatever looks wrong, is left to wasmparser: nothing is accepted here that it would not read
//! alike, which a test shows.

use wasmparser::FrameKind;

use crate::fingerprint::{first_bytes, may_be_address, may_be_base, number};
use crate::operators::Operators;

/// An instruction that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Common {
    /// In bytes, at most 7.
    pub length: u32,
    /// What it adds to a fingerprint.
    pub hash: u64,
}

/// What follows an opcode, as far as it is read here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operand {
    /// For wasmparser.
    Rare,
    None,
    /// A number that is the same in every build of the same code: a local, a label, an `i64`.
    Number,
    /// An `i32`, which may be an address.
    Const,
    /// Alignment and offset, which may be one, too.
    Memory,
    Function,
    Global,
    /// The type of what begins.
    Block(FrameKind),
    /// The end of what was begun.
    End,
}

/// By opcode, as the core specification numbers them ("Binary Format", "Instructions").
static OPERANDS: [Operand; 256] = {
    let mut operands = [Operand::Rare; 256];
    let mut opcode = 0;
    while opcode < operands.len() {
        operands[opcode] = match opcode {
            // unreachable, nop, return, drop, select, comparisons, arithmetic, conversions
            0x00 | 0x01 | 0x0f | 0x1a | 0x1b | 0x45..=0xbf => Operand::None,
            // br, br_if, local.get, local.set, local.tee, i64.const
            0x0c | 0x0d | 0x20..=0x22 | 0x42 => Operand::Number,
            0x41 => Operand::Const,
            0x28..=0x3e => Operand::Memory,
            0x10 => Operand::Function,
            0x23 | 0x24 => Operand::Global,
            0x02 => Operand::Block(FrameKind::Block),
            0x03 => Operand::Block(FrameKind::Loop),
            0x04 => Operand::Block(FrameKind::If),
            0x0b => Operand::End,
            _ => Operand::Rare,
        };
        opcode += 1;
    }
    operands
};

/// The shortest form of an instruction in which there is nothing to note: any word in which no bit of `other` is set.
#[derive(Clone, Copy)]
struct Shortest {
    other: u32,
    length: u32,
}

static SHORTEST: [Shortest; 256] = {
    let mut all = [Shortest { other: u32::MAX, length: 0 }; 256];
    let mut opcode = 0;
    while opcode < all.len() {
        match OPERANDS[opcode] {
            Operand::None => all[opcode] = Shortest { other: 0, length: 1 },
            // No continuation.
            Operand::Number => all[opcode] = Shortest { other: 0x8000, length: 2 },
            // No negative number either, which is a high address.
            Operand::Const => all[opcode] = Shortest { other: 0xc000, length: 2 },
            // An alignment of at most eight bytes, and an offset below 128.
            Operand::Memory => all[opcode] = Shortest { other: 0x80_fc00, length: 3 },
            // Has something to note, so it is never 0 as an opcode, and one bit is always set.
            _ => {}
        }
        opcode += 1;
    }
    all
};

/// Reads the instruction that `word` begins with, the next bytes in little-endian order, of which it looks at three.
/// `None` where it has another than its shortest form, or something to note; this finds four of five instructions.
#[inline(always)]
pub fn shortest(word: u64) -> Option<Common> {
    let Shortest { other, length } = SHORTEST[opcode(word)];
    (word as u32 & other == 0).then(|| Common { length, hash: first_bytes(word, length) })
}

/// Reads the instruction that the eight bytes of `word` begin with, and notes in `operators` what is of interest in it.
/// `None`, and nothing noted, for one that wasmparser has to read.
#[inline(always)]
pub fn read(word: u64, operators: &mut Operators) -> Option<Common> {
    let whole = |length| Some(Common { length, hash: first_bytes(word, length) });
    let masked = |length, hash| Some(Common { length, hash });
    let (first, second) = (word >> 8, word >> 16);
    match OPERANDS[opcode(word)] {
        Operand::Rare => None,
        Operand::None => whole(1),
        Operand::Number => whole(1 + leb_length(first)?),
        Operand::Const => {
            let length = leb_length(first)?;
            let unused = 32 - 7 * length;
            let value = (leb(first, length) << unused) as i32 >> unused;
            operators.mention(value as u32);
            if may_be_address(value) { masked(1 + length, const { number("I32Const") }) } else { whole(1 + length) }
        }
        Operand::Memory => {
            let length = leb_length(second)?;
            let offset = leb(second, length);
            // Larger alignments are wrong, or flags of later proposals.
            if first & 0xff > 3 || may_be_base(u64::from(offset)) {
                return None;
            }
            operators.mention(offset);
            whole(2 + length)
        }
        Operand::Function => {
            let length = leb_length(first)?;
            operators.targets.push(leb(first, length));
            masked(1 + length, const { number("Call") })
        }
        Operand::Global => {
            let name = if opcode(word) == 0x23 { const { number("GlobalGet") } } else { const { number("GlobalSet") } };
            masked(1 + leb_length(first)?, name)
        }
        // No result, or one of the four types of numbers.
        Operand::Block(kind) if matches!(first & 0xff, 0x40 | 0x7c..=0x7f) => {
            operators.frames.push(kind);
            whole(2)
        }
        Operand::Block(_) => None,
        Operand::End => {
            operators.frames.pop();
            whole(1)
        }
    }
}

#[inline(always)]
fn opcode(word: u64) -> usize {
    word as usize & 0xff
}

/// How many bytes the LEB128 number takes that `word` begins with; `None` for more than four. Up to there any bits are
/// a number of any type.
#[inline(always)]
fn leb_length(word: u64) -> Option<u32> {
    let ends = !word & 0x8080_8080;
    (ends != 0).then(|| ends.trailing_zeros() / 8 + 1)
}

/// The number in the first `length` bytes, at most four: seven bits of each.
#[inline(always)]
fn leb(word: u64, length: u32) -> u32 {
    let bytes = first_bytes(word, length) as u32;
    bytes & 0x7f | bytes >> 1 & 0x3f80 | bytes >> 2 & 0x1f_c000 | bytes >> 3 & 0xfe0_0000
}

#[cfg(test)]
mod tests {
    use wasmparser::BinaryReader;

    use super::*;
    use crate::fingerprint;
    use crate::segments::Segments;

    /// Bytes that mean something in an operand: signs, continuations, block types, the flags of alignments.
    const TELLING: [u8; 14] = [0, 1, 3, 4, 0x10, 0x20, 0x3f, 0x40, 0x7c, 0x7f, 0x80, 0x81, 0xc0, 0xff];

    /// Every opcode with every two telling bytes, then with any.
    fn words() -> impl Iterator<Item = u64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut any = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..=255u64).flat_map(move |opcode| {
            let tails = TELLING.iter().flat_map(|one| TELLING.map(|other| u64::from(*one) << 8 | u64::from(other)));
            let tails: Vec<u64> = tails.map(|two| two | any() << 16).chain((0..2000).map(|_| 0)).collect();
            tails.into_iter().map(|tail| (if tail == 0 { any() } else { tail }) << 8 | opcode).collect::<Vec<_>>()
        })
    }

    /// Data at low addresses, at those of Rust's linker, and at what is negative as an `i32`.
    const DATA: &str = r#"(module (memory 65536) (data (i32.const 1024) "0123456789") (data (i32.const 0x100000) "0123")
        (data (i32.const 0xfffffff0) "0123456789"))"#;

    /// In a block within a body.
    fn operators(module: &[u8]) -> Operators {
        let mut operators = Operators::default();
        operators.segments = Segments::find(module);
        operators.frames.extend([FrameKind::Block, FrameKind::If]);
        operators
    }

    fn noted(operators: &Operators) -> String {
        let Operators { features, targets, mentions, frames, .. } = operators;
        format!("{:?} {targets:?} {mentions:?} {frames:?}", features.names())
    }

    #[test]
    fn reads_alike_what_wasmparser_reads() {
        let module = wat::parse_str(DATA).unwrap();
        let operators = || operators(&module);
        let (mut common, mut rare) = (0, 0);
        for word in words() {
            let (mut ours, mut theirs) = (operators(), operators());
            let Some(read) = read(word, &mut ours) else {
                assert_eq!(noted(&ours), noted(&theirs), "{word:016x} was left, but noted");
                assert_eq!(shortest(word), None, "{word:016x}");
                rare += 1;
                continue;
            };
            common += 1;
            let bytes = word.to_le_bytes();
            let mut reader = BinaryReader::new(&bytes, 0);
            reader.visit_operator(&mut theirs).unwrap_or_else(|error| panic!("{word:016x}: {error}"));
            let length = reader.current_position();
            let hash = match theirs.take_mask() {
                0 => fingerprint::instruction(&bytes, 0, length),
                mask => mask,
            };
            assert_eq!(read, Common { length: length as u32, hash }, "{word:016x}");
            assert_eq!(noted(&ours), noted(&theirs), "{word:016x}");
            if let Some(short) = shortest(word) {
                assert_eq!(short, read, "{word:016x}");
                assert_eq!(noted(&ours), noted(&operators()), "{word:016x} has something to note");
            }
        }
        assert!(common > 100_000 && rare > 100_000, "{common} {rare}");
    }
}
