//! Edges: the call graph alone, for whoever wants to hold it against another reader's. Bytes -> pairs of functions.
//!
//! Nothing that is exported from the Wasm module uses it, so it is no part of what ships.

use wasmparser::{Parser, Result};

use crate::module::Module;

/// Which function refers to which, by index, imports first; the same pair once only. See [`crate::callgraph`] for
/// what counts. Fails where the module cannot be decoded.
pub fn edges(wasm: &[u8]) -> Result<Vec<(u32, u32)>> {
    let mut module = Module::default();
    for payload in Parser::new(0).parse_all(wasm) {
        module.payload(payload?)?;
    }
    let (graph, imported) = (&module.code.graph, module.spaces.functions.imported());
    let of =
        |position: usize| graph.targets_of(position).iter().map(move |target| ((imported + position) as u32, *target));
    Ok((0..graph.len()).flat_map(of).collect())
}
