//! The analyzer's surface. Reads a WebAssembly module, valid or not, and says what is in it.
//!
//! As a Wasm module it has no imports and seven exports. What lies in `memory` is handed over as a pointer and a
//! length, and given back as `ptr << 32 | len`; 0 stands for a request that is not understood.
//!
//! - `memory`, `alloc(len: i32) -> i32`, `dealloc(ptr: i32, len: i32)`: the bytes ABI (docs/shim.md), by which ci-wasm can call
//!   `analyze` as it calls everybody's functions. Its own adapter frees nothing: an instance does one job and is thrown away.
//! - `analyze(ptr: i32, len: i32) -> i64`: the request is what to show as JSON (see [`options`]), a zero byte and the module;
//!   the answer is UTF-8 JSON (see [`answer`]).
//! - `list() -> i64`: all functions of the module that was analyzed, when the options asked for them (see
//!   [`function_list`]).
//! - `why(ptr: i32, len: i32) -> i64`: the request is the name of a crate or function, a zero byte and the module; the answer
//!   is how that is reached, UTF-8 JSON (see [`why`]).
//! - `diff(base_ptr: i32, base_len: i32, head_ptr: i32, head_len: i32, all: i32) -> i64`: two such lists compared,
//!   UTF-8 JSON (see [`diff`]); with `all`, functions that stayed as they are come too.
//!
//! It traps with `unreachable` when it runs out of memory. As a library it is the functions [`analyze`],
//! [`why()`] and [`diff::diff`].

#![deny(unsafe_code)]

mod analysis;
pub mod answer;
mod attribution;
mod callgraph;
mod common;
mod demangle;
pub mod diff;
pub mod edges;
pub mod extern_types;
mod features;
pub mod fingerprint;
pub mod function_list;
mod functions;
mod generics;
mod immediates;
mod index_spaces;
mod json;
mod module;
mod names;
mod operators;
pub mod options;
mod retained;
mod sections;
mod segments;
pub mod types;
mod validity;
pub mod why;

pub use analysis::{analyze, why};

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod abi {
    use std::cell::RefCell;

    use crate::diff;
    use crate::function_list::FunctionList;
    use crate::json::Json;
    use crate::options::Options;

    thread_local! {
        /// The list of the module that was analyzed.
        static LIST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }

    #[unsafe(no_mangle)]
    extern "C" fn alloc(len: usize) -> *mut u8 {
        // Not cleared: the caller fills it, and clearing a large module's room takes a tenth of its analysis.
        Box::leak(Box::<[u8]>::new_uninit_slice(len)).as_mut_ptr().cast()
    }

    /// # Safety
    /// The range must have come from `alloc` or from an answer, and is given back once.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn dealloc(pointer: *mut u8, len: usize) {
        // SAFETY: the caller's promise, see above; `leak` gave away a boxed slice of this length.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, len)) });
    }

    /// # Safety
    /// The range must have come from `alloc` and been filled.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn analyze(request: *const u8, len: usize) -> u64 {
        // SAFETY: the caller's promise, see above.
        let Some((options, module)) = parts(unsafe { slice(request, len) }) else { return 0 };
        let Some(options) = Options::from_json(options) else { return 0 };
        let mut answer = crate::analyze(module, &options);
        LIST.set(std::mem::take(&mut answer.list));
        give(answer.to_json().into_bytes())
    }

    /// # Safety
    /// The range must have come from `alloc` and been filled.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn why(request: *const u8, len: usize) -> u64 {
        // SAFETY: the caller's promise, see above.
        let Some((query, module)) = parts(unsafe { slice(request, len) }) else { return 0 };
        let mut json = String::new();
        crate::why(module, query).write(&mut json);
        give(json.into_bytes())
    }

    #[unsafe(no_mangle)]
    extern "C" fn list() -> u64 {
        give(LIST.take())
    }

    /// # Safety
    /// Both ranges must have come from `alloc` and been filled.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn diff(base: *const u8, base_len: usize, head: *const u8, head_len: usize, all: u32) -> u64 {
        // SAFETY: the caller's promise, see above.
        let (base, head) = unsafe { (slice(base, base_len), slice(head, head_len)) };
        let (Some(base), Some(head)) = (FunctionList::read(base), FunctionList::read(head)) else { return 0 };
        let mut json = String::new();
        diff::diff(&base, &head, all != 0).write(&mut json);
        give(json.into_bytes())
    }

    /// The text before the first zero byte, and the module after it.
    fn parts(request: &[u8]) -> Option<(&str, &[u8])> {
        let end = request.iter().position(|byte| *byte == 0)?;
        Some((str::from_utf8(&request[..end]).ok()?, &request[end + 1..]))
    }

    unsafe fn slice<'a>(pointer: *const u8, len: usize) -> &'a [u8] {
        // SAFETY: as above. Nobody frees a range while it is read.
        unsafe { std::slice::from_raw_parts(pointer, len) }
    }

    fn give(bytes: Vec<u8>) -> u64 {
        let len = bytes.len() as u64;
        (leak(bytes) as u64) << 32 | len
    }

    fn leak(bytes: Vec<u8>) -> *mut u8 {
        Box::leak(bytes.into_boxed_slice()).as_mut_ptr()
    }
}
