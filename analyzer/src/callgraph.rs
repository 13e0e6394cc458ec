//! Call graph: which functions each function can reach in one step, and where a module is entered. Indices -> edges.
//!
//! An edge is a `call`, a `return_call` or a `ref.func`. Roots are what a host or a table can reach without a direct
//! call: exported functions, the start function, and the functions in element segments, tables and globals. A segment
//! that is only declared makes nothing reachable; a passive one might be copied to a table by an instruction, so its
//! functions count. Indirect calls lead wherever the tables do, so they need no edges of their own.

/// The edges of one module, in the order of its function bodies. Indices are the module's own, imports first.
#[derive(Default)]
pub struct CallGraph {
    targets: Vec<u32>,
    /// Where in `targets` the edges of each body end.
    ends: Vec<usize>,
    roots: Vec<u32>,
}

impl CallGraph {
    /// Takes over what a body referred to, each function once.
    pub fn body(&mut self, targets: &mut Vec<u32>) {
        targets.sort_unstable();
        targets.dedup();
        self.targets.append(targets);
        self.ends.push(self.targets.len());
    }

    pub fn root(&mut self, function: u32) {
        self.roots.push(function);
    }

    /// Takes over what a constant expression referred to.
    pub fn roots(&mut self, targets: &mut Vec<u32>) {
        self.roots.append(targets);
    }

    /// How many bodies there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The indices that the body at `position` refers to.
    pub fn targets_of(&self, position: usize) -> &[u32] {
        let start = if position == 0 { 0 } else { self.ends[position - 1] };
        &self.targets[start..self.ends[position]]
    }

    /// The indices of the functions that the module is entered at; one may stand here more than once.
    pub fn entries(&self) -> &[u32] {
        &self.roots
    }
}
