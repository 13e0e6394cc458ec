//! The tutorial's crate after a pull request that adds an operation.

/// Adds two numbers; on overflow it wraps around, as WebAssembly's own `i32.add` does.
#[unsafe(no_mangle)]
pub extern "C" fn add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

/// Multiplies two numbers; wraps around on overflow.
#[unsafe(no_mangle)]
pub extern "C" fn multiply(a: i32, b: i32) -> i32 {
    a.wrapping_mul(b)
}
