//! A plain library: nothing says that a .wasm file is to be made of it.

pub fn add(a: i32, b: i32) -> i32 { a + b }
