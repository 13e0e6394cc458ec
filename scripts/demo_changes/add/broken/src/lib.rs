//! The tutorial's crate after a pull request that widens a signature and formats a message.

/// Adds two numbers. Wider than before, so every caller that passes an i32 breaks.
#[unsafe(no_mangle)]
pub extern "C" fn add(a: i64, b: i64) -> i64 {
    match a.checked_add(b) {
        Some(sum) => sum,
        // Formatting brings the machinery of core::fmt into the module, and a panic its message.
        None => panic!("{a} + {b} does not fit: the sum would be {}", i128::from(a) + i128::from(b)),
    }
}
