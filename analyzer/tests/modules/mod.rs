//! Modules to test with: the readable ones of the repository, and hand-made ones that no text format can write.

#![allow(dead_code)] // each test binary uses its share

use analyzer::analyze;
use analyzer::answer::Answer;
use analyzer::options::Options;

/// The readable modules of `tests/wat/`.
pub const WAT: &[&str] = &["add", "entities", "names", "segments", "types"];

pub fn wat(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/wat/{name}.wat", env!("CARGO_MANIFEST_DIR"));
    wat::parse_file(path).unwrap()
}

pub fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{wat}: {error}"))
}

pub fn read(wasm: &[u8]) -> Answer<'_> {
    let answer = analyze(wasm, &Options::default());
    let sum: usize = answer.sections.iter().map(|section| section.size).sum();
    assert_eq!((sum, answer.size), (wasm.len(), wasm.len()), "the sections are the file");
    answer
}

pub fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

pub fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], leb(content.len()).as_slice(), content].concat()
}

pub fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0", sections.concat().as_slice()].concat()
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len()).as_slice(), bytes].concat()
}

/// A module of functions of type `() -> ()` with these bodies (locals and instructions).
pub fn functions(bodies: &[&[u8]], names: &[&[u8]]) -> Vec<u8> {
    let count = leb(bodies.len());
    let code: Vec<u8> = bodies.iter().flat_map(|body| prefixed(body)).collect();
    let map: Vec<u8> =
        names.iter().enumerate().flat_map(|(index, name)| [leb(index), prefixed(name)].concat()).collect();
    let map = [leb(names.len()), map].concat();
    let name_section = [prefixed(b"name"), vec![1], prefixed(&map)].concat();
    module(&[
        section(1, b"\x01\x60\0\0"),
        section(3, &[count.clone(), vec![0; bodies.len()]].concat()),
        section(10, &[count, code].concat()),
        section(0, &name_section),
    ])
}

/// A module with one empty function of this name.
pub fn named(name: &[u8]) -> Vec<u8> {
    functions(&[b"\0\x0b"], &[name])
}
