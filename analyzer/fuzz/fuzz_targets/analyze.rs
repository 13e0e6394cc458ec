//! Fuzz target: any bytes, read with and without a check of the bodies. Bytes -> nothing, or a broken invariant.

#![no_main]

#[allow(dead_code)] // the other target uses the rest
#[path = "../../tests/modules/invariants.rs"]
mod invariants;
mod mutation;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|wasm: &[u8]| {
    let answer = invariants::analyze_any(wasm);
    let json: serde_json::Value = serde_json::from_str(&answer.to_json()).expect("the answer is JSON");
    assert_eq!(json["size"], wasm.len());
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::mutate(data, size, max_size, seed)
});
