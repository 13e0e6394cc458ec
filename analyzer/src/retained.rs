//! Retained sizes: what would go if a function went. Call graph, sizes -> bytes for each function.
//!
//! A function's retained size is its own and that of all functions that it dominates, which means that every path to
//! them from a root of the call graph leads through it. Dominators are found with the simple version of "A Fast
//! Algorithm for Finding Dominators in a Flowgraph" (Lengauer and Tarjan, 1979). The iterative algorithm of Cooper,
//! Harvey and Kennedy is shorter, but takes quadratic time on graphs that somebody made for it.

use crate::callgraph::CallGraph;

const NONE: u32 = u32::MAX;

/// The retained size of each defined function; `None` for one that no root reaches: it is garbage already.
/// `imported` is the index of the first defined function, `sizes` are the bodies' own.
pub fn retained_sizes(graph: &CallGraph, imported: usize, sizes: &[u32]) -> Vec<Option<u64>> {
    let tree = SearchTree::new(graph, imported);
    let dominators = dominators(&tree);
    let mut sums: Vec<u64> = tree.functions.iter().map(|position| own(sizes, *position)).collect();
    // A dominator was found before what it dominates, so from the back every sum is complete when it is added.
    for node in (1..sums.len()).rev() {
        sums[dominators[node] as usize] += sums[node];
    }
    let mut retained = vec![None; sizes.len()];
    for (position, sum) in tree.functions.iter().zip(sums).skip(1) {
        retained[*position as usize] = Some(sum);
    }
    retained
}

fn own(sizes: &[u32], position: u32) -> u64 {
    sizes.get(position as usize).map_or(0, |size| u64::from(*size))
}

/// A depth-first search from a node 0 that stands for the host. Nodes are numbered as they were found.
struct SearchTree {
    /// Each node's function, by its position among the bodies; the host has `NONE`.
    functions: Vec<u32>,
    parents: Vec<u32>,
    /// The edges that lead to node `n`: `sources[starts[n]..starts[n + 1]]`.
    sources: Vec<u32>,
    starts: Vec<usize>,
}

impl SearchTree {
    fn new(graph: &CallGraph, imported: usize) -> Self {
        let mut functions = vec![NONE];
        let mut parents = vec![0];
        let mut numbers = vec![NONE; graph.len()];
        let mut edges = Vec::new();
        // A node, and what is left to look at of its targets.
        let mut stack = vec![(0, graph.entries())];
        while let Some((node, targets)) = stack.last_mut() {
            let Some((target, rest)) = targets.split_first() else {
                stack.pop();
                continue;
            };
            *targets = rest;
            // An imported function has no body, an index beyond the last one is an error that is told elsewhere.
            let Some(position) = (*target as usize).checked_sub(imported).filter(|at| *at < numbers.len()) else {
                continue;
            };
            let from = *node;
            if numbers[position] == NONE {
                numbers[position] = functions.len() as u32;
                functions.push(position as u32);
                parents.push(from);
                stack.push((numbers[position], graph.targets_of(position)));
            }
            edges.push((from, numbers[position]));
        }
        let (sources, starts) = by_target(&edges, functions.len());
        SearchTree { functions, parents, sources, starts }
    }

    fn sources(&self, node: usize) -> &[u32] {
        &self.sources[self.starts[node]..self.starts[node + 1]]
    }
}

/// The sources of the edges sorted by target, and where those of each target begin.
fn by_target(edges: &[(u32, u32)], nodes: usize) -> (Vec<u32>, Vec<usize>) {
    let mut starts = vec![0; nodes + 1];
    for (_, target) in edges {
        starts[*target as usize] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut sources = vec![0; edges.len()];
    for (source, target) in edges {
        starts[*target as usize] -= 1;
        sources[starts[*target as usize]] = *source;
    }
    (sources, starts)
}

/// The immediate dominator of each node but the first.
fn dominators(tree: &SearchTree) -> Vec<u32> {
    let nodes = tree.functions.len();
    let mut forest = Forest::new(nodes);
    let mut dominators = vec![0; nodes];
    // The nodes whose semidominator is `n`, as a list: `first[n]`, `next[first[n]]` and so on.
    let (mut first, mut next) = (vec![NONE; nodes], vec![NONE; nodes]);
    for node in (1..nodes as u32).rev() {
        for source in tree.sources(node as usize) {
            let lowest = forest.lowest(*source);
            let semi = &mut forest.semidominators;
            semi[node as usize] = semi[node as usize].min(semi[lowest as usize]);
        }
        let semidominator = forest.semidominators[node as usize] as usize;
        next[node as usize] = std::mem::replace(&mut first[semidominator], node);
        let parent = tree.parents[node as usize];
        forest.ancestors[node as usize] = parent;
        let mut waiting = std::mem::replace(&mut first[parent as usize], NONE);
        while waiting != NONE {
            let lowest = forest.lowest(waiting);
            let is_lower = forest.semidominators[lowest as usize] < forest.semidominators[waiting as usize];
            dominators[waiting as usize] = if is_lower { lowest } else { parent };
            waiting = next[waiting as usize];
        }
    }
    for node in 1..nodes {
        if dominators[node] != forest.semidominators[node] {
            dominators[node] = dominators[dominators[node] as usize];
        }
    }
    dominators
}

/// The part of the search tree that has been worked off, with its paths compressed.
struct Forest {
    ancestors: Vec<u32>,
    /// The node with the lowest semidominator on the path that was compressed.
    labels: Vec<u32>,
    semidominators: Vec<u32>,
    path: Vec<u32>,
}

impl Forest {
    fn new(nodes: usize) -> Self {
        let each: Vec<u32> = (0..nodes as u32).collect();
        Forest { ancestors: vec![NONE; nodes], labels: each.clone(), semidominators: each, path: Vec::new() }
    }

    /// The node with the lowest semidominator between `node` and the root of its tree.
    fn lowest(&mut self, node: u32) -> u32 {
        let mut ancestor = self.ancestors[node as usize];
        if ancestor == NONE {
            return node;
        }
        let mut at = node;
        while self.ancestors[ancestor as usize] != NONE {
            self.path.push(at);
            at = ancestor;
            ancestor = self.ancestors[at as usize];
        }
        while let Some(at) = self.path.pop() {
            let above = self.ancestors[at as usize] as usize;
            let (own, upper) = (self.labels[at as usize], self.labels[above]);
            if self.semidominators[upper as usize] < self.semidominators[own as usize] {
                self.labels[at as usize] = upper;
            }
            self.ancestors[at as usize] = self.ancestors[above];
        }
        self.labels[node as usize]
    }
}
