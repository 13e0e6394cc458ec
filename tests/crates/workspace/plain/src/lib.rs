//! A library; no .wasm file is made of it alone.

pub fn base() -> i32 {
    std::hint::black_box(1000)
}
