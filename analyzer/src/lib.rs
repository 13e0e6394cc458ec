//! The analyzer's surface. Reads a WebAssembly module, valid or not, and says what is in it.
//!
//! As a Wasm module it has no imports and three exports:
//!
//! - `memory`
//! - `alloc(len: i32) -> i32`: room for `len` bytes that the caller fills. It is never freed: an instance reads one
//!   module and is thrown away.
//! - `analyze(module_ptr: i32, module_len: i32, options_ptr: i32, options_len: i32) -> i64`: the answer's place as
//!   `ptr << 32 | len`, UTF-8 JSON in `memory` (see [`answer`]); 0 when the options are not understood. The options
//!   are JSON as well (see [`options`]).
//!
//! It traps with `unreachable` when it runs out of memory. As a library it is the function [`analyze`].

#![deny(unsafe_code)]

mod analysis;
pub mod answer;
mod attribution;
mod callgraph;
mod demangle;
pub mod extern_types;
mod features;
pub mod fingerprint;
mod functions;
mod index_spaces;
mod json;
mod module;
mod names;
mod operators;
pub mod options;
mod retained;
mod sections;
pub mod types;
mod validity;

pub use analysis::analyze;

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod abi {
    use crate::options::Options;

    #[unsafe(no_mangle)]
    extern "C" fn alloc(len: usize) -> *mut u8 {
        leak(Vec::with_capacity(len))
    }

    /// # Safety
    /// Both ranges must have come from `alloc` and been filled.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn analyze(module: *const u8, module_len: usize, options: *const u8, options_len: usize) -> u64 {
        // SAFETY: the caller's promise, see above.
        let (module, options) = unsafe {
            (std::slice::from_raw_parts(module, module_len), std::slice::from_raw_parts(options, options_len))
        };
        let Some(options) = str::from_utf8(options).ok().and_then(Options::from_json) else { return 0 };
        let answer = crate::analyze(module, &options).to_json().into_bytes();
        let len = answer.len() as u64;
        (leak(answer) as u64) << 32 | len
    }

    fn leak(bytes: Vec<u8>) -> *mut u8 {
        std::mem::ManuallyDrop::new(bytes).as_mut_ptr()
    }
}
