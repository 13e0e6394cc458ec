//! The smallest crate that is worth deploying: one function, numbers in, a number out.

/// Adds two numbers, and wraps around at the edges of `i32`.
///
/// `extern "C"` gives the function the plain signature `(i32, i32) -> i32`, and `no_mangle` the export name `add`. The
/// name is a promise to the linker that no other `add` exists, which the compiler cannot check: hence `unsafe`.
///
/// `a + b` would panic on overflow in a debug build and wrap in a release build. `wrapping_add` says what is meant, is
/// the same in both, and is exactly one Wasm instruction (`i32.add`).
#[unsafe(no_mangle)]
pub extern "C" fn add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

#[cfg(test)]
mod tests {
    use super::add;

    #[test]
    fn adds() {
        assert_eq!(add(2, 3), 5);
    }

    #[test]
    fn wraps_around() {
        assert_eq!(add(i32::MAX, 1), i32::MIN);
    }
}
