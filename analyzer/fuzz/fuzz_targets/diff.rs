//! Fuzz target: any two modules, compared both ways. Bytes -> nothing, or a broken invariant.
//!
//! `invariants::pair` says how two of them are one input.

#![no_main]

#[allow(dead_code)] // the other target uses the rest
#[path = "../../tests/modules/invariants.rs"]
mod invariants;
mod mutation;

use invariants::pair;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| {
    let (base, head) = pair(data);
    invariants::diff_both(base, head);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let (base, head) = pair(&data[..size]);
    let (mut base, mut head) = (base.to_vec(), head.to_vec());
    let room = max_size.saturating_sub(4 + base.len() + head.len());
    // Most often one of two equal modules is changed: that is what a comparison is for.
    let changed = if seed % 16 == 0 { &mut base } else { &mut head };
    if seed % 16 == 1 {
        *changed = if seed % 32 == 1 { Vec::new() } else { pair(&data[..size]).0.to_vec() };
    }
    let length = changed.len();
    changed.resize(length + room, 0);
    let length = mutation::mutate(changed, length, length + room, seed / 16);
    changed.truncate(length);
    let written = [&(base.len() as u32).to_le_bytes()[..], &base, &head].concat();
    let end = written.len().min(max_size);
    data[..end].copy_from_slice(&written[..end]);
    end
});
