//! Validates JSON against JSON Schemas: HTTP requests in, HTTP responses out, no JavaScript.
//!
//! The exports are ci-wasm's HTTP ABI, version 2 (docs/shim.md); everything behind them is safe Rust that is tested on
//! the developer's machine.

mod entropy;
mod http;
mod limits;
mod report;
mod schemas;
mod service;

use std::{mem::MaybeUninit, ptr, slice};

/// Called once, before the first request: the compiler reads the metaschemas of all drafts, and no request waits for it.
#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    schemas::compile_embedded();
}

/// Room for `len` bytes, for the host to write into.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(len: usize) -> *mut MaybeUninit<u8> {
    Box::leak(Box::new_uninit_slice(len)).as_mut_ptr()
}

/// # Safety
/// `pointer` and `len` are those of an `alloc` or of an answer of `handle_http`, and are given back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dealloc(pointer: *mut MaybeUninit<u8>, len: usize) {
    drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(pointer, len)) });
}

/// # Safety
/// `len` bytes at `pointer` are written and stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn handle_http(pointer: *const u8, len: usize) -> u64 {
    let message = unsafe { slice::from_raw_parts(pointer, len) };
    let answer = Box::leak(service::answer(message).into_bytes());
    ((answer.as_ptr() as u64) << 32) | answer.len() as u64
}
