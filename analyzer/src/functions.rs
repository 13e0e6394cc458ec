//! Functions: how large each is, what it is called and which crate it belongs to. Sizes and names -> the tables.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use wasmparser::{Export, ExternalKind};

use crate::answer::{Crate, Data, Function, Functions, Garbage, Monomorphization, Segment};
use crate::attribution::{Crates, crate_of};
use crate::callgraph::CallGraph;
use crate::demangle;
use crate::fingerprint::{self, Fingerprint};
use crate::function_list::{self, Listed};
use crate::generics::{monomorphizations, user_of};
use crate::names::{Names, capped};
use crate::retained::{Retained, retained};
use crate::why::Matched;

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
    retained: Retained,
    /// Who defines each, and who instantiated it; a hostile name is worth asking once only.
    crates: Vec<Charge<'a>>,
    names: &'s Names<'a>,
}

impl<'a, 's> Bodies<'a, 's> {
    /// `segments` are the sizes of the data segments. Without `users` nobody is told to have instantiated anything.
    pub fn new(imported: usize, code: &'s Code, segments: &[u64], names: &'s Names<'a>, users: bool) -> Self {
        let crates = charges(names, imported..imported + code.sizes.len(), users);
        let retained = retained(&code.graph, imported, &code.sizes, segments);
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
            let symbol = self.names.get(self.imported + position).map(demangle::symbol);
            let name = match &symbol {
                Some(symbol) => demangle::name(symbol),
                None => self.name(position, &exported).0,
            };
            let function = Listed {
                name: &name,
                krate: self.crates[position].definer.as_deref(),
                size: self.code.sizes[position],
                // All functions together are smaller than a section, whose size is a u32.
                retained: self.retained(position).map(|size| size as u32),
                fingerprint: self.fingerprint(position).map(|print| print.0),
            };
            function_list::write(&mut list, &function);
        }
        list
    }

    fn function(&self, position: usize, exported: &HashMap<usize, &'a str>) -> Function<'a> {
        let index = self.imported + position;
        let (name, symbol) = self.name(position, exported);
        let Charge { definer: krate, user } = self.crates[position].clone();
        let size = self.code.sizes[position];
        let fingerprint = self.fingerprint(position);
        let sizes = self.retained.functions[position];
        let retained_data = sizes.map_or(0, |sizes| sizes.data);
        let retained = sizes.map(|sizes| sizes.code);
        Function { index: index as u32, name, symbol, krate, size, retained, retained_data, fingerprint, user }
    }

    /// `None` for a small body.
    fn fingerprint(&self, position: usize) -> Option<Fingerprint> {
        (self.code.sizes[position] > fingerprint::SMALLEST).then(|| self.code.fingerprints[position])
    }

    /// What a function is called, and its symbol where that differs.
    fn name(&self, position: usize, exported: &HashMap<usize, &'a str>) -> (Cow<'a, str>, Option<Cow<'a, str>>) {
        let index = self.imported + position;
        match (self.names.get(index), exported.get(&index)) {
            (Some(bytes), _) => name_and_symbol(bytes),
            (None, Some(name)) => (capped(name), None),
            (None, None) => (format!("function[{index}]").into(), None),
        }
    }

    /// What no root of the call graph reaches.
    pub fn garbage(&self) -> Garbage {
        let unreached = self.retained.functions.iter().zip(&self.code.sizes).filter(|(retained, _)| retained.is_none());
        unreached.fold(Garbage::default(), |sum, (_, size)| Garbage {
            functions: sum.functions + 1,
            size: sum.size + u64::from(*size),
        })
    }

    /// What each crate's functions weigh, largest first, equal ones by name.
    pub fn by_crate(&self) -> Vec<Crate<'a>> {
        let mut crates: HashMap<Option<&str>, Crate<'a>> = HashMap::new();
        let row = |name: &Option<Cow<'a, str>>| Crate { name: name.clone(), size: 0, functions: 0, instantiated: 0 };
        for (charge, size) in self.crates.iter().zip(&self.code.sizes) {
            let definer = crates.entry(charge.definer.as_deref()).or_insert_with(|| row(&charge.definer));
            definer.size += u64::from(*size);
            definer.functions += 1;
            if charge.user.is_some() {
                let user = crates.entry(charge.user.as_deref()).or_insert_with(|| row(&charge.user));
                user.instantiated += u64::from(*size);
            }
        }
        let mut crates: Vec<_> = crates.into_values().collect();
        crates.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
        crates
    }

    /// The `limit` largest data segments, all of them for `None`. `sizes` and `addresses` are those of all of them.
    pub fn data(
        &self,
        sizes: &[u64],
        addresses: &[Option<u32>],
        limit: Option<usize>,
        exports: &[Export<'a>],
    ) -> Data<'a> {
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by_key(|index| (Reverse(sizes[*index]), *index));
        order.truncate(limit.unwrap_or(usize::MAX));
        let exported = exported_as(exports);
        let segment = |index: usize| Segment {
            index: index as u32,
            name: self.names.segment(index).map(|name| own(capped(&demangle::symbol(name)))),
            address: addresses.get(index).copied().flatten(),
            size: sizes[index],
            retained_by: self.retained.segments[index].map(|position| self.name(position as usize, &exported).0),
        };
        Data { segments: sizes.len(), size: sizes.iter().sum(), largest: order.into_iter().map(segment).collect() }
    }

    pub fn imported(&self) -> usize {
        self.imported
    }

    pub fn graph(&self) -> &CallGraph {
        &self.code.graph
    }

    pub fn size(&self, position: usize) -> u32 {
        self.code.sizes[position]
    }

    /// `None` where nothing reaches it.
    pub fn retained(&self, position: usize) -> Option<u64> {
        self.retained.functions[position].map(|sizes| sizes.code)
    }

    /// The functions that every path to this one leads through.
    pub fn dominators_of(&self, position: usize) -> Vec<u32> {
        self.retained.dominators_of(position)
    }

    pub fn name_and_crate(&self, position: usize, exports: &[Export<'a>]) -> (Cow<'a, str>, Option<Cow<'a, str>>) {
        (self.name(position, &exported_as(exports)).0, self.crates[position].definer.clone())
    }

    /// The functions of the crate `query`; where there is none, those of that name; else those with it in their name.
    pub fn matching(&self, query: &str, exports: &[Export<'a>]) -> (Matched, Vec<usize>) {
        let exported = exported_as(exports);
        let all = || 0..self.code.sizes.len();
        let of_crate = all().filter(|at| self.crates[*at].definer.as_deref() == Some(query));
        let named = all().filter(|at| self.name(*at, &exported).0 == query);
        let partly = all().filter(|at| self.name(*at, &exported).0.contains(query));
        for (matched, found) in [
            (Matched::Crate, of_crate.collect::<Vec<_>>()),
            (Matched::Name, named.collect()),
            (Matched::Part, partly.collect()),
        ] {
            if !found.is_empty() {
                return (matched, found);
            }
        }
        (Matched::Nothing, Vec::new())
    }

    /// Groups of instances of generic functions, the most that could be saved first.
    pub fn monomorphizations(&self, limit: Option<usize>) -> Vec<Monomorphization> {
        if limit == Some(0) {
            return Vec::new();
        }
        let named = (self.imported..).zip(&self.code.sizes).filter_map(|(index, size)| {
            self.names.get(index).map(|bytes| (own(demangle::name(&demangle::symbol(bytes))), *size))
        });
        monomorphizations(named, limit)
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

/// Whose code a function is.
#[derive(Clone)]
struct Charge<'a> {
    definer: Option<Cow<'a, str>>,
    user: Option<Cow<'a, str>>,
}

/// Whose code each of the functions is.
fn charges<'a>(names: &Names<'a>, functions: Range<usize>, users: bool) -> Vec<Charge<'a>> {
    let mut crates = Crates::default();
    let user = if users { user_of } else { |_: &str, _: Option<&str>| None };
    let mut charge = |name: &'a [u8]| match demangle::symbol(name) {
        Cow::Borrowed(symbol) => {
            let (symbol, _) = demangle::split_shims(symbol);
            let definer = crates.of(symbol);
            let user = user(symbol, definer.as_deref()).map(Cow::Borrowed);
            Charge { definer, user }
        }
        Cow::Owned(symbol) => {
            let (symbol, _) = demangle::split_shims(&symbol);
            let definer = crate_of(symbol).map(own);
            let user = user(symbol, definer.as_deref()).map(|name| Cow::Owned(name.to_owned()));
            Charge { definer, user }
        }
    };
    let nobody = || Charge { definer: None, user: None };
    functions.map(|index| names.get(index).map_or_else(nobody, &mut charge)).collect()
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
