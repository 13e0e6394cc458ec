//! A ceiling for the module's memory: an isolate has 128 MB, and an image that needs more ends in a clean 500.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target == "wasm32") {
        println!("cargo::rustc-link-arg-cdylib=--max-memory={}", 1792 << 16);
    }
}
