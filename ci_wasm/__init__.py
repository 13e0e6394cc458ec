"""ci-wasm: one step in a workflow takes a Rust crate from a pull request to a reviewed, running Wasm microservice."""

__version__ = "0.1.0"
