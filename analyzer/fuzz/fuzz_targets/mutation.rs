//! Mutation: changes inside a section, a body or a name that leave the sizes around it right. Bytes -> bytes.
//!
//! Bytes that are changed without regard to sizes nearly always end the reading at the first size. So most changes are
//! made to the content of one piece, and the sizes that lead to it are written anew; the others are libFuzzer's own.

use libfuzzer_sys::fuzzer_mutate;

const PREAMBLE: usize = 8;
const CODE: u8 = 10;
const FUNCTION_NAMES: u8 = 1;
/// Leaves room for sizes that grow by a byte.
const SLACK: usize = 16;

/// What `fuzz_mutator!` asks for: changes `data[..size]` in place, gives its new size.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let room = max_size.saturating_sub(size + SLACK);
    match module(&data[..size], seed as usize, room) {
        Some(changed) if seed % 8 > 1 && changed.len() <= max_size => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
        _ => changed(data, size, max_size),
    }
}

/// libFuzzer's own changes. It ends the program where there is no room for a single byte.
fn changed(data: &mut [u8], size: usize, max_size: usize) -> usize {
    if max_size == 0 { 0 } else { fuzzer_mutate(data, size, max_size) }
}

/// The module with one section changed, left out or doubled.
pub fn module(wasm: &[u8], seed: usize, room: usize) -> Option<Vec<u8>> {
    let mut rest = wasm.get(PREAMBLE..)?;
    let mut sections = Vec::new();
    while let Some((id, content, after)) = section(rest) {
        sections.push((id, content.to_vec()));
        rest = after;
    }
    let (at, seed) = (seed.checked_rem(sections.len())?, seed / sections.len());
    match seed % 32 {
        0 => drop(sections.remove(at)),
        1 => sections.insert(at, sections[at].clone()),
        2 if at > 0 => sections.swap(at, at - 1),
        _ => sections[at].1 = content(sections[at].0, &sections[at].1, seed / 32, room),
    }
    let written = sections.iter().flat_map(|(id, content)| [vec![*id], prefixed(content)].concat());
    Some(wasm[..PREAMBLE].iter().copied().chain(written).chain(rest.iter().copied()).collect())
}

/// A body or a name is changed as a whole three times out of four; every other section as plain bytes.
fn content(id: u8, content: &[u8], seed: usize, room: usize) -> Vec<u8> {
    let inner = match (seed % 4, id, content.strip_prefix(b"\x04name")) {
        (0, ..) => None,
        (_, CODE, _) => entries(content, seed / 4, room, false),
        (_, 0, Some(subsections)) => {
            names(subsections, seed / 4, room).map(|names| [b"\x04name", names.as_slice()].concat())
        }
        _ => None,
    };
    inner.unwrap_or_else(|| plain(content, room))
}

/// The name section's content, where it begins with the names of functions (after the module's own name).
fn names(content: &[u8], seed: usize, room: usize) -> Option<Vec<u8>> {
    let (id, map, rest) = section(content)?;
    match id {
        0 => Some([[vec![id], prefixed(map)].concat(), names(rest, seed, room)?].concat()),
        FUNCTION_NAMES => {
            let map = entries(map, seed, room, true)?;
            Some([vec![id], prefixed(&map), rest.to_vec()].concat())
        }
        _ => None,
    }
}

/// A vector of pieces with one of them changed. Each stands behind its size, and before that an index if `indexed`.
fn entries(content: &[u8], seed: usize, room: usize, indexed: bool) -> Option<Vec<u8>> {
    let (count, mut rest) = number(content)?;
    let mut entries = Vec::new();
    while entries.len() < count
        && let Some((index, after)) = if indexed { number(rest) } else { Some((0, rest)) }
        && let Some((piece, after)) = sized(after)
    {
        entries.push((index, piece));
        rest = after;
    }
    let chosen = seed.checked_rem(entries.len())?;
    let mut changed = leb(count);
    for (at, (index, piece)) in entries.iter().enumerate() {
        changed.extend(if indexed { leb(*index) } else { Vec::new() });
        changed.extend(prefixed(&if at == chosen { plain(piece, room) } else { piece.to_vec() }));
    }
    Some([changed.as_slice(), rest].concat())
}

fn plain(content: &[u8], room: usize) -> Vec<u8> {
    let mut changed = content.to_vec();
    changed.resize(content.len() + room, 0);
    let length = self::changed(&mut changed, content.len(), content.len() + room);
    changed.truncate(length);
    changed
}

/// The id and the content of what `bytes` begin with, and what follows.
fn section(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (id, rest) = bytes.split_first()?;
    let (content, rest) = sized(rest)?;
    Some((*id, content, rest))
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = number(bytes)?;
    rest.split_at_checked(size)
}

/// An unsigned LEB128 of up to 32 bits.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)?;
    let (digits, rest) = bytes.split_at(end + 1);
    Some((digits.iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f)), rest))
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len()).as_slice(), bytes].concat()
}
