//! Retained sizes: what would go if a function went. Call graph, sizes -> bytes for each function.
//!
//! A function's retained size is its own and that of all functions that it dominates, which means that every path to
//! them from a root of the call graph leads through it. The data that it retains is counted apart, because which data
//! is reached is less certain than which code (see [`crate::callgraph`]). Dominators are found with the simple version of "A Fast
//! Algorithm for Finding Dominators in a Flowgraph" (Lengauer and Tarjan, 1979). The iterative algorithm of Cooper,
//! Harvey and Kennedy is shorter, but takes quadratic time on graphs that somebody made for it.

use crate::callgraph::CallGraph;

const NONE: u32 = u32::MAX;

/// What is retained in one module.
pub struct Retained {
    /// Of each defined function; `None` for one that no root reaches: it is garbage already.
    pub functions: Vec<Option<Sizes>>,
    /// Each function's immediate dominator, by its position; `None` for what a host or a table reaches without one.
    dominators: Vec<Option<u32>>,
    /// The same of each data segment; also `None` for one that nothing mentions.
    pub segments: Vec<Option<u32>>,
}

/// What a function retains, in bytes: of code, itself included, and of data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub code: u64,
    pub data: u64,
}

impl Retained {
    /// The functions that every path to the one at `position` leads through, the nearest to the roots first.
    pub fn dominators_of(&self, position: usize) -> Vec<u32> {
        let above = |position: &u32| self.dominators[*position as usize];
        let mut chain: Vec<u32> = std::iter::successors(self.dominators[position], above).collect();
        chain.reverse();
        chain
    }
}

/// `imported` is the index of the first defined function; `sizes` are the bodies' own, `segments` those of the data.
pub fn retained(graph: &CallGraph, imported: usize, sizes: &[u32], segments: &[u64]) -> Retained {
    let tree = SearchTree::new(graph, imported, segments.len());
    let dominators = dominators(&tree);
    let own = |item: &u32| match (*item as usize).checked_sub(sizes.len()) {
        None => Sizes { code: u64::from(sizes[*item as usize]), data: 0 },
        Some(segment) => Sizes { code: 0, data: segments.get(segment).copied().unwrap_or(0) },
    };
    let mut sums: Vec<Sizes> = tree.items.iter().skip(1).map(own).collect();
    sums.insert(0, Sizes::default());
    // A dominator was found before what it dominates, so from the back every sum is complete when it is added.
    for node in (1..sums.len()).rev() {
        let sum = sums[node];
        let above = &mut sums[dominators[node] as usize];
        above.code += sum.code;
        above.data += sum.data;
    }
    let items = sizes.len() + segments.len();
    let (mut totals, mut above) = (vec![None; items], vec![None; items]);
    for (node, item) in tree.items.iter().enumerate().skip(1) {
        totals[*item as usize] = Some(sums[node]);
        // The host is no function.
        above[*item as usize] = Some(tree.items[dominators[node] as usize]).filter(|item| *item != NONE);
    }
    totals.truncate(sizes.len());
    let of_segments = above.split_off(sizes.len());
    Retained { functions: totals, dominators: above, segments: of_segments }
}

/// A depth-first search from a node 0 that stands for the host. Nodes are numbered as they were found.
struct SearchTree {
    /// What each node stands for: a function by its position among the bodies, a data segment by its index after all
    /// of those; the host has `NONE`.
    items: Vec<u32>,
    parents: Vec<u32>,
    /// The edges that lead to node `n`: `sources[starts[n]..starts[n + 1]]`.
    sources: Vec<u32>,
    starts: Vec<usize>,
}

impl SearchTree {
    fn new(graph: &CallGraph, imported: usize, segments: usize) -> Self {
        let bodies = graph.len();
        let mut search =
            Search { items: vec![NONE], parents: vec![0], numbers: vec![NONE; bodies + segments], edges: Vec::new() };
        // A node, and what is left to look at of its targets.
        let mut stack = vec![(0, graph.entries())];
        while let Some((node, targets)) = stack.last_mut() {
            let Some((target, rest)) = targets.split_first() else {
                stack.pop();
                continue;
            };
            *targets = rest;
            // An imported function has no body, an index beyond the last one is an error that is told elsewhere.
            let Some(position) = (*target as usize).checked_sub(imported).filter(|at| *at < bodies) else {
                continue;
            };
            if let Some(found) = search.edge(*node, position) {
                // Segments lead nowhere: they are looked at on the way.
                for segment in graph.mentions_of(position).iter().filter(|index| (**index as usize) < segments) {
                    search.edge(found, bodies + *segment as usize);
                }
                stack.push((found, graph.targets_of(position)));
            }
        }
        let (sources, starts) = by_target(&search.edges, search.items.len());
        SearchTree { items: search.items, parents: search.parents, sources, starts }
    }

    fn sources(&self, node: usize) -> &[u32] {
        &self.sources[self.starts[node]..self.starts[node + 1]]
    }
}

/// What has been found so far.
struct Search {
    items: Vec<u32>,
    parents: Vec<u32>,
    /// The node of each item, `NONE` for one that was not found yet.
    numbers: Vec<u32>,
    edges: Vec<(u32, u32)>,
}

impl Search {
    /// Notes an edge; gives the node of an item that is found for the first time.
    fn edge(&mut self, from: u32, item: usize) -> Option<u32> {
        let number = &mut self.numbers[item];
        let is_new = *number == NONE;
        if is_new {
            *number = self.items.len() as u32;
            self.items.push(item as u32);
            self.parents.push(from);
        }
        let node = *number;
        self.edges.push((from, node));
        is_new.then_some(node)
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
    let nodes = tree.items.len();
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
