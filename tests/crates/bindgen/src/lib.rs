//! A crate of wasm-bindgen alone: its JavaScript is generated, and a main module of the Worker's own calls it.

use wasm_bindgen::prelude::*;

/// Greets by name, to show that texts go both ways.
#[wasm_bindgen]
pub fn greet(name: &str) -> String {
    format!("hello {name}")
}
