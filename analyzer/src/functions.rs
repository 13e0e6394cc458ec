//! Functions: how large each is, what it is called and which crate it belongs to. Sizes and names -> the tables.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use wasmparser::{Export, ExternalKind};

use crate::answer::{Crate, Function, Functions, Garbage};
use crate::attribution::{Crates, crate_of};
use crate::callgraph::CallGraph;
use crate::demangle;
use crate::fingerprint::{self, Fingerprint};
use crate::function_list;
use crate::names::{FunctionNames, capped};
use crate::retained::retained_sizes;

/// What the code section says of each body, in its order.
#[derive(Default)]
pub struct Code {
    /// Each body with its size field.
    pub sizes: Vec<u32>,
    pub fingerprints: Vec<Fingerprint>,
    pub graph: CallGraph,
}

/// The defined functions of one module, in the order of the code section.
pub struct Bodies<'a, 's> {
    /// How many functions are imported: the index of the first defined one.
    imported: usize,
    code: &'s Code,
    /// `None` for what no root reaches.
    retained: Vec<Option<u64>>,
    /// Who defines each; a hostile name is worth asking once only.
    crates: Vec<Option<Cow<'a, str>>>,
    names: &'s FunctionNames<'a>,
}

impl<'a, 's> Bodies<'a, 's> {
    pub fn new(imported: usize, code: &'s Code, names: &'s FunctionNames<'a>) -> Self {
        let crates = crates_of(names, imported..imported + code.sizes.len());
        let retained = retained_sizes(&code.graph, imported, &code.sizes);
        Bodies { imported, code, retained, crates, names }
    }

    /// `functions` counts the imported and the defined ones.
    pub fn total(&self, functions: usize) -> Functions {
        Functions {
            count: functions - self.imported,
            imported: self.imported,
            size: self.code.sizes.iter().copied().map(u64::from).sum(),
            named: (self.imported..functions).filter(|index| self.names.get(*index).is_some()).count(),
        }
    }

    /// The `limit` largest functions, all of them for `None`.
    pub fn largest(&self, limit: Option<usize>, exports: &[Export<'a>]) -> Vec<Function<'a>> {
        let mut order: Vec<usize> = (0..self.code.sizes.len()).collect();
        order.sort_by_key(|position| (Reverse(self.code.sizes[*position]), *position));
        order.truncate(limit.unwrap_or(usize::MAX));
        let exported = exported_as(exports);
        order.into_iter().map(|position| self.function(position, &exported)).collect()
    }

    /// All functions in the module's order, for a comparison.
    pub fn list(&self, exports: &[Export<'a>]) -> Vec<u8> {
        let exported = exported_as(exports);
        let mut list = function_list::begin(self.code.sizes.len());
        for position in 0..self.code.sizes.len() {
            function_list::write(&mut list, &self.function(position, &exported));
        }
        list
    }

    fn function(&self, position: usize, exported: &HashMap<usize, &'a str>) -> Function<'a> {
        let index = self.imported + position;
        let (name, symbol) = match (self.names.get(index), exported.get(&index)) {
            (Some(bytes), _) => name_and_symbol(bytes),
            (None, Some(name)) => (capped(name), None),
            (None, None) => (format!("function[{index}]").into(), None),
        };
        let krate = self.crates[position].clone();
        let size = self.code.sizes[position];
        let fingerprint = (size > fingerprint::SMALLEST).then(|| self.code.fingerprints[position]);
        let retained = self.retained[position];
        Function { index: index as u32, name, symbol, krate, size, retained, fingerprint }
    }

    /// What no root of the call graph reaches.
    pub fn garbage(&self) -> Garbage {
        let unreached = self.retained.iter().zip(&self.code.sizes).filter(|(retained, _)| retained.is_none());
        unreached.fold(Garbage::default(), |sum, (_, size)| Garbage {
            functions: sum.functions + 1,
            size: sum.size + u64::from(*size),
        })
    }

    /// What each crate's functions weigh, largest first, equal ones by name.
    pub fn by_crate(&self) -> Vec<Crate<'a>> {
        let mut crates: HashMap<&Option<Cow<'a, str>>, (u64, usize)> = HashMap::new();
        for (name, size) in self.crates.iter().zip(&self.code.sizes) {
            let (sum, functions) = crates.entry(name).or_default();
            *sum += u64::from(*size);
            *functions += 1;
        }
        let mut crates: Vec<_> =
            crates.into_iter().map(|(name, (size, functions))| Crate { name: name.clone(), size, functions }).collect();
        crates.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
        crates
    }
}

/// The readable name, and the symbol where it differs.
fn name_and_symbol(bytes: &[u8]) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    let symbol = demangle::symbol(bytes);
    let name = own(demangle::name(&symbol));
    let raw = own(capped(&symbol));
    let differs = raw != name;
    (name, differs.then_some(raw))
}

fn own<'a>(text: Cow<'_, str>) -> Cow<'a, str> {
    Cow::Owned(text.into_owned())
}

/// Who defines each of the functions.
fn crates_of<'a>(names: &FunctionNames<'a>, functions: Range<usize>) -> Vec<Option<Cow<'a, str>>> {
    let mut crates = Crates::default();
    let mut of = |name: &'a [u8]| match demangle::symbol(name) {
        Cow::Borrowed(symbol) => crates.of(symbol),
        Cow::Owned(symbol) => crate_of(&symbol).map(own),
    };
    functions.map(|index| names.get(index).and_then(&mut of)).collect()
}

/// The first name under which each function is exported; an empty one names nothing.
fn exported_as<'a>(exports: &[Export<'a>]) -> HashMap<usize, &'a str> {
    let mut names = HashMap::new();
    for export in exports {
        let is_function = matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact);
        if is_function && !export.name.is_empty() {
            names.entry(export.index as usize).or_insert(export.name);
        }
    }
    names
}
