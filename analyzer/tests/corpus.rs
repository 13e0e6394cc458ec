//! What `make fuzz` found worth keeping: every input holds the invariants. tests/corpus/*.gz -> nothing, or a panic.
//!
//! A file is a gzip stream of inputs, each behind its length (`u32`, little-endian).

#[path = "modules/invariants.rs"]
mod invariants;

use std::fs::File;
use std::io::Read;

use flate2::read::GzDecoder;

fn inputs(name: &str) -> Vec<Vec<u8>> {
    let path = format!("{}/tests/corpus/{name}.gz", env!("CARGO_MANIFEST_DIR"));
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let mut rest = bytes.as_slice();
    let mut inputs = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (input, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        inputs.push(input.to_vec());
        rest = after;
    }
    assert!(rest.is_empty(), "{name}.gz ends in the middle");
    inputs
}

#[test]
fn any_bytes_are_read_or_refused_with_their_place() {
    let inputs = inputs("analyze");
    let broken = inputs.iter().filter(|wasm| invariants::analyze_any(wasm).error.is_some()).count();
    assert!(broken > 0 && broken < inputs.len(), "{broken} of {}", inputs.len());
}

#[test]
fn any_two_modules_are_compared() {
    for input in inputs("diff") {
        let (base, head) = invariants::pair(&input);
        invariants::diff_both(base, head);
    }
}
