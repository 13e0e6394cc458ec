//! Call graph: which functions each function can reach in one step, and where a module is entered. Indices -> edges.
//!
//! An edge is a `call`, a `return_call` or a `ref.func`. Roots are what a host or a table can reach without a direct
//! call: exported functions, the start function, and the functions in element segments, tables and globals. A segment
//! that is only declared makes nothing reachable; a passive one might be copied to a table by an instruction, so its
//! functions count. Indirect calls lead wherever the tables do, so they need no edges of their own.
//!
//! A data segment is reached where an instruction names it (`memory.init`), and where a constant, or the offset of a
//! load or store, is an address inside it. The latter is a guess in both directions: a number may look like an address,
//! and what data points to is not looked at. Segments lead nowhere.

/// The edges of one module, in the order of its function bodies. Indices are the module's own, imports first.
#[derive(Default)]
pub struct CallGraph {
    targets: Vec<u32>,
    /// Where in `targets` the edges of each body end.
    ends: Vec<usize>,
    roots: Vec<u32>,
    /// Data segments, by the body that mentions them, each body's once.
    mentions: Vec<u32>,
    mention_ends: Vec<usize>,
}

impl CallGraph {
    /// Takes over what a body referred to, each function and each data segment once.
    pub fn body(&mut self, targets: &mut Vec<u32>, mentions: &mut Vec<u32>) {
        for list in [&mut *targets, &mut *mentions] {
            list.sort_unstable();
            list.dedup();
        }
        self.targets.append(targets);
        self.ends.push(self.targets.len());
        self.mentions.append(mentions);
        self.mention_ends.push(self.mentions.len());
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
        of(&self.targets, &self.ends, position)
    }

    /// The data segments into which the body at `position` points.
    pub fn mentions_of(&self, position: usize) -> &[u32] {
        of(&self.mentions, &self.mention_ends, position)
    }

    /// The indices of the functions that the module is entered at; one may stand here more than once.
    pub fn entries(&self) -> &[u32] {
        &self.roots
    }
}

fn of<'a>(list: &'a [u32], ends: &[usize], position: usize) -> &'a [u32] {
    let start = if position == 0 { 0 } else { ends[position - 1] };
    &list[start..ends[position]]
}
