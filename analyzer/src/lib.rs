//! The analyzer's surface. Reads a WebAssembly module, valid or not, and says what is in it.
//!
//! As a Wasm module it has no imports and six exports. What lies in `memory` is handed over as a pointer and a
//! length, and given back as `ptr << 32 | len`; 0 stands for an argument that is not understood.
//!
//! - `memory`
//! - `alloc(len: i32) -> i32`: room for `len` bytes that the caller fills. It is never freed: an instance reads one
//!   module, or compares two lists, and is thrown away.
//! - `analyze(module_ptr: i32, module_len: i32, options_ptr: i32, options_len: i32) -> i64`: the answer, UTF-8 JSON
//!   (see [`answer`]). The options are JSON as well (see [`options`]).
//! - `list() -> i64`: all functions of the module that was analyzed, when the options asked for them (see
//!   [`function_list`]).
//! - `why(module_ptr: i32, module_len: i32, query_ptr: i32, query_len: i32) -> i64`: how the crate or function of that
//!   name is reached, UTF-8 JSON (see [`why`]).
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
        leak(Vec::with_capacity(len))
    }

    /// # Safety
    /// Both ranges must have come from `alloc` and been filled.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn analyze(module: *const u8, module_len: usize, options: *const u8, options_len: usize) -> u64 {
        // SAFETY: the caller's promise, see above.
        let (module, options) = unsafe { (slice(module, module_len), slice(options, options_len)) };
        let Some(options) = str::from_utf8(options).ok().and_then(Options::from_json) else { return 0 };
        let mut answer = crate::analyze(module, &options);
        LIST.set(std::mem::take(&mut answer.list));
        give(answer.to_json().into_bytes())
    }

    /// # Safety
    /// Both ranges must have come from `alloc` and been filled.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn why(module: *const u8, module_len: usize, query: *const u8, query_len: usize) -> u64 {
        // SAFETY: the caller's promise, see above.
        let (module, query) = unsafe { (slice(module, module_len), slice(query, query_len)) };
        let Ok(query) = str::from_utf8(query) else { return 0 };
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

    unsafe fn slice<'a>(pointer: *const u8, len: usize) -> &'a [u8] {
        // SAFETY: as above. The range is never freed, so it may live as long as it likes.
        unsafe { std::slice::from_raw_parts(pointer, len) }
    }

    fn give(bytes: Vec<u8>) -> u64 {
        let len = bytes.len() as u64;
        (leak(bytes) as u64) << 32 | len
    }

    fn leak(bytes: Vec<u8>) -> *mut u8 {
        std::mem::ManuallyDrop::new(bytes).as_mut_ptr()
    }
}
