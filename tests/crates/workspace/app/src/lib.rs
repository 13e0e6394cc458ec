//! Uses a procedural macro and a library of its workspace.

#[unsafe(no_mangle)]
pub extern "C" fn answer() -> i32 {
    plain::base() + macros::answer!()
}

#[cfg(feature = "large")]
#[unsafe(no_mangle)]
pub extern "C" fn large(value: i64) -> i64 {
    value.wrapping_mul(value) % 1_000_003
}
