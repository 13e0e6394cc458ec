//! Segments: which addresses of memory the data segments fill, known before the code is read. Bytes -> ranges.
//!
//! The data section stands behind the code, but which constants may be addresses has to be known while reading that.

use wasmparser::{Chunk, DataKind, DataSectionReader, Operator, Parser, Payload};

/// Numbers below are taken for numbers: no linker puts data there (LLVM's begins at 1,024, and Rust's at 1 MiB).
const LOWEST: u32 = 1024;

/// How many segments are looked at; see `MAX_ENTRIES` in [`crate::module`].
const MAX_SEGMENTS: usize = 1_000_000;

/// The addresses that one data segment fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    pub start: u32,
    pub length: u32,
    pub index: u32,
}

/// The data segments of the first memory whose address is a constant.
#[derive(Default)]
pub struct Segments {
    /// Sorted.
    ranges: Vec<Range>,
    /// How many segments there are of any kind.
    pub count: usize,
    /// All ranges together.
    start: u32,
    length: u32,
}

impl Segments {
    /// Finds the data section, and reads it as far as it can be read: what is wrong with it is told elsewhere.
    pub fn find(wasm: &[u8]) -> Self {
        let mut segments = Segments::default();
        if let Some(section) = data_section(wasm) {
            for (index, segment) in section.into_iter().take(MAX_SEGMENTS).map_while(|each| each.ok()).enumerate() {
                segments.count += 1;
                if let DataKind::Active { memory_index: 0, offset_expr } = segment.kind
                    && let Ok(Operator::I32Const { value }) = offset_expr.get_operators_reader().read()
                {
                    let start = value as u32;
                    let length = (segment.data.len() as u32).min(u32::MAX - start);
                    segments.ranges.push(Range { start, length, index: index as u32 });
                }
            }
        }
        segments.ranges.sort_unstable();
        segments.start = segments.ranges.first().map_or(0, |range| range.start).max(LOWEST);
        let end = segments.ranges.iter().map(|range| range.start + range.length).max().unwrap_or(0);
        segments.length = end.saturating_sub(segments.start);
        segments
    }

    /// Whether an address may be one of a segment's: every constant of a module comes through here.
    #[inline(always)]
    pub fn may_hold(&self, address: u32) -> bool {
        address.wrapping_sub(self.start) < self.length
    }

    /// The segment that fills `address`.
    pub fn at(&self, address: u32) -> Option<Range> {
        let after = self.ranges.partition_point(|range| range.start <= address);
        let range = self.ranges.get(after.checked_sub(1)?)?;
        (address - range.start < range.length).then_some(*range)
    }

    /// Where each segment begins, in the order of the section.
    pub fn addresses(&self) -> Vec<Option<u32>> {
        let mut addresses = vec![None; self.count];
        for range in &self.ranges {
            addresses[range.index as usize] = Some(range.start);
        }
        addresses
    }
}

fn data_section(wasm: &[u8]) -> Option<DataSectionReader<'_>> {
    let mut parser = Parser::new(0);
    let mut rest = wasm;
    loop {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true).ok()? else { return None };
        rest = &rest[consumed..];
        match payload {
            Payload::DataSection(section) => return Some(section),
            Payload::CodeSectionStart { size, .. } => {
                parser.skip_section();
                rest = rest.get(size as usize..)?;
            }
            Payload::End(_) => return None,
            _ => {}
        }
    }
}
