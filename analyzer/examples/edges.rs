//! Edges: print the call graph of a module, a line `from to` for each edge. (file) -> text.

use std::error::Error;
use std::io::{self, BufWriter, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("edges FILE.wasm")?;
    let mut out = BufWriter::new(io::stdout().lock());
    for (from, to) in analyzer::edges::edges(&std::fs::read(file)?)? {
        writeln!(out, "{from} {to}")?;
    }
    Ok(out.flush()?)
}
