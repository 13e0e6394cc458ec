//! A crate without its Cargo.toml.
