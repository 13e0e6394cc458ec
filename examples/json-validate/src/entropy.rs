//! The keys of hash maps. A raw module has no source of randomness, and this is none: do not use it for secrets.
//!
//! Only ahash asks (a test reads Cargo.lock for that). With keys that everybody knows, a client may find names of
//! properties that collide; they cost time that the limit on the body's size bounds, and the client's own request only.

#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(pointer: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    for index in 0..len {
        // What is written to may be uninitialized, so that a slice of it would not be sound.
        unsafe { pointer.add(index).write((index as u8).wrapping_mul(151) ^ 0x5c) };
    }
    Ok(())
}
