//! Why: how a crate or a function is reached, and what it would take to get rid of it. Module, name -> paths.
//!
//! A path is a shortest one from where the module is entered. The steps that every path has are marked: cutting any
//! of these cuts the function out, together with what it retains.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashSet, VecDeque};

use wasmparser::{Export, ExternalKind};

use crate::callgraph::CallGraph;
use crate::functions::Bodies;
use crate::json::{Json, fields};

/// How many functions are explained; a crate may have thousands.
const SHOWN: usize = 5;

/// What is asked for may be a crate, else a function's whole name, else a part of one.
#[derive(Debug)]
pub struct Why<'a> {
    pub matched_by: Matched,
    /// All functions that match, their bytes, and the bytes of those that nothing reaches.
    pub functions: usize,
    pub size: u64,
    pub unreached: u64,
    /// The functions that retain most, at most [`SHOWN`].
    pub paths: Vec<Path<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    Crate,
    Name,
    Part,
    Nothing,
}

/// From where the module is entered to the function itself.
#[derive(Debug)]
pub struct Path<'a> {
    pub entry: Entry<'a>,
    pub steps: Vec<Step<'a>>,
}

/// How a module is entered: at an export (`name`), at the start function, or at a function that a table or a global
/// holds.
#[derive(Debug)]
pub struct Entry<'a> {
    pub kind: &'static str,
    pub name: Option<Cow<'a, str>>,
}

#[derive(Debug)]
pub struct Step<'a> {
    pub name: Cow<'a, str>,
    pub krate: Option<Cow<'a, str>>,
    pub size: u32,
    pub retained: u64,
    /// Whether every path to the last step leads through this one.
    pub only: bool,
}

fields!(Why<'_>: matched_by, functions, size, unreached, paths);
fields!(Path<'_>: entry, steps);
fields!(Entry<'_>: kind, name);
fields!(Step<'_>: name, krate as "crate", size, retained, only);

impl Json for Matched {
    fn write(&self, out: &mut String) {
        match self {
            Matched::Crate => "crate".write(out),
            Matched::Name => "name".write(out),
            Matched::Part => "part".write(out),
            Matched::Nothing => "nothing".write(out),
        }
    }
}

/// Explains what is called `query` in a module with these `exports` and this `start` function.
pub fn why<'a>(bodies: &Bodies<'a, '_>, exports: &[Export<'a>], start: Option<u32>, query: &str) -> Why<'a> {
    let (matched_by, mut found) = bodies.matching(query, exports);
    let size = found.iter().map(|position| u64::from(bodies.size(*position))).sum();
    let functions = found.len();
    let unreached: Vec<usize> = found.extract_if(.., |position| bodies.retained(*position).is_none()).collect();
    found.sort_by_key(|position| (Reverse(bodies.retained(*position)), *position));
    found.truncate(SHOWN);
    let callers = Callers::new(bodies.graph(), bodies.imported());
    Why {
        matched_by,
        functions,
        size,
        unreached: unreached.into_iter().map(|position| u64::from(bodies.size(position))).sum(),
        paths: found.into_iter().map(|position| path(bodies, &callers, exports, start, position)).collect(),
    }
}

fn path<'a>(
    bodies: &Bodies<'a, '_>,
    callers: &Callers,
    exports: &[Export<'a>],
    start: Option<u32>,
    position: usize,
) -> Path<'a> {
    let chain = callers.chain(position);
    let mut needed: HashSet<usize> = bodies.dominators_of(position).into_iter().map(|each| each as usize).collect();
    needed.insert(position);
    let step = |position: &usize| {
        let (name, krate) = bodies.name_and_crate(*position, exports);
        let retained = bodies.retained(*position).unwrap_or(0);
        Step { name, krate, size: bodies.size(*position), retained, only: needed.contains(position) }
    };
    Path { entry: entry(exports, start, bodies.imported() + chain[0]), steps: chain.iter().map(step).collect() }
}

fn entry<'a>(exports: &[Export<'a>], start: Option<u32>, index: usize) -> Entry<'a> {
    let is_it = |export: &&Export<'a>| {
        matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) && export.index as usize == index
    };
    match exports.iter().find(is_it) {
        Some(export) => Entry { kind: "export", name: Some(crate::names::capped(export.name)) },
        None if start.is_some_and(|start| start as usize == index) => Entry { kind: "start", name: None },
        None => Entry { kind: "table", name: None },
    }
}

/// Each function's caller on a shortest path from an entry; entries have themselves.
struct Callers(Vec<Option<usize>>);

impl Callers {
    fn new(graph: &CallGraph, imported: usize) -> Self {
        let mut callers = vec![None; graph.len()];
        let mut queue = VecDeque::new();
        let body = |index: &u32| (*index as usize).checked_sub(imported).filter(|at| *at < graph.len());
        for position in graph.entries().iter().filter_map(body) {
            if callers[position].is_none() {
                callers[position] = Some(position);
                queue.push_back(position);
            }
        }
        while let Some(caller) = queue.pop_front() {
            for position in graph.targets_of(caller).iter().filter_map(body) {
                if callers[position].is_none() {
                    callers[position] = Some(caller);
                    queue.push_back(position);
                }
            }
        }
        Callers(callers)
    }

    /// From an entry to `position`.
    fn chain(&self, position: usize) -> Vec<usize> {
        let above = |position: &usize| self.0[*position].filter(|caller| caller != position);
        let mut chain: Vec<usize> = std::iter::successors(Some(position), above).collect();
        chain.reverse();
        chain
    }
}
