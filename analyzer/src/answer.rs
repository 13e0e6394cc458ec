//! The answer: everything that is known about one module, and its JSON.

use std::borrow::Cow;

use crate::extern_types::{ExternType, MemoryLimits, TableLimits};
use crate::fingerprint::Fingerprint;
use crate::json::{Fields, Json, Object, fields};

/// The version of the answer's shape; a change that a reader could misread gets a new number.
pub const SCHEMA: u32 = 1;

/// One module's facts. Sizes and offsets are bytes, offsets count from the file's start; every name is capped
/// (see [`crate::names::MAX_NAME`]). A broken module answers with `error` and whatever could be read before it.
#[derive(Debug)]
pub struct Answer<'a> {
    pub schema: u32,
    pub layout: Layout,
    pub size: usize,
    pub error: Option<ModuleError<'a>>,
    /// The proposals beyond WebAssembly 1.0 that the module needs, sorted.
    pub features: Vec<&'static str>,
    /// In file order, without gaps: the sizes add up to `size`.
    pub sections: Vec<Section<'a>>,
    pub imports: Vec<Import<'a>>,
    pub exports: Vec<Export<'a>>,
    /// How many there are of both, listed or not.
    pub entries: Entries,
    pub memories: Vec<Memory>,
    pub tables: Vec<Table>,
    pub globals: Counts,
    pub tags: Counts,
    /// The index of the start function.
    pub start: Option<u32>,
    pub functions: Functions,
    /// The largest defined functions, largest first, equal ones by index.
    pub largest: Vec<Function<'a>>,
    /// All defined functions by the crate that defines them, largest first; empty for a module without functions.
    pub crates: Vec<Crate<'a>>,
    pub garbage: Garbage,
    pub elements: Elements,
    pub data: Data<'a>,
    /// Empty unless asked for; what could be saved first.
    pub monomorphizations: Vec<Monomorphization>,
    pub names: NamesFrom,
    /// Not in the JSON: all functions as [`crate::function_list`] writes them, empty unless asked for.
    pub list: Vec<u8>,
}

/// What the first eight bytes announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Core,
    Component,
    Unknown,
}

/// The first thing that is wrong, where (`offset`), and in which section if it lies in one.
#[derive(Debug)]
pub struct ModuleError<'a> {
    pub message: String,
    pub offset: u64,
    pub section: Option<Cow<'a, str>>,
}

/// One section with its id byte and the LEB128 of its size.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    pub name: Cow<'a, str>,
    pub offset: usize,
    pub size: usize,
}

#[derive(Debug)]
pub struct Import<'a> {
    pub module: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub ty: ExternType,
}

#[derive(Debug)]
pub struct Export<'a> {
    pub name: Cow<'a, str>,
    pub ty: ExternType,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    pub imports: usize,
    pub exports: usize,
}

#[derive(Debug)]
pub struct Memory {
    pub ty: MemoryLimits,
    pub imported: bool,
}

#[derive(Debug)]
pub struct Table {
    pub ty: TableLimits,
    pub imported: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub imported: usize,
    pub defined: usize,
}

/// `count`, `size` and `named` are of the defined functions; `size` includes each body's own size field.
#[derive(Clone, Copy, Debug, Default)]
pub struct Functions {
    pub count: usize,
    pub imported: usize,
    pub size: u64,
    pub named: usize,
}

#[derive(Debug)]
pub struct Function<'a> {
    pub index: u32,
    /// Demangled, without hash; of an unnamed function what it is exported as, else `function[index]`.
    pub name: Cow<'a, str>,
    /// As the name section has it, where that differs from `name`.
    pub symbol: Option<Cow<'a, str>>,
    pub krate: Option<Cow<'a, str>>,
    pub size: u32,
    /// Its size and that of all that only it reaches; `None` where nothing reaches it (see [`crate::retained`]).
    pub retained: Option<u64>,
    /// The data that only it and what it retains mention, in bytes (see [`crate::callgraph`]).
    pub retained_data: u64,
    /// `None` for small bodies (see [`crate::fingerprint`]).
    pub fingerprint: Option<Fingerprint>,
    /// Who instantiated it, where it is another crate's generic code and its name tells (see [`crate::generics`]).
    pub user: Option<Cow<'a, str>>,
}

#[derive(Debug)]
pub struct Crate<'a> {
    /// `None` for the functions whose crate cannot be told.
    pub name: Option<Cow<'a, str>>,
    pub size: u64,
    pub functions: usize,
    /// Bytes of other crates' generic code that this one instantiated, as far as names tell; not a part of `size`.
    pub instantiated: u64,
}

/// The defined functions that no root of the call graph reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Garbage {
    pub functions: usize,
    pub size: u64,
}

/// Functions that are instances of one generic function; those of duplicates that the linker did not fold, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Monomorphization {
    /// Without type arguments.
    pub name: String,
    pub functions: usize,
    pub size: u64,
    pub largest: u32,
}

impl Monomorphization {
    /// What all instances but the largest weigh.
    pub fn copies(&self) -> u64 {
        self.size - u64::from(self.largest)
    }
}

/// The element segments, of any kind, and the entries of all of them: functions and other references.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elements {
    pub segments: usize,
    pub entries: u64,
}

/// `size` counts the segments' content, without their headers. `largest` are sorted by size, equal ones by index.
#[derive(Debug, Default)]
pub struct Data<'a> {
    pub segments: usize,
    pub size: u64,
    pub largest: Vec<Segment<'a>>,
}

/// One data segment.
#[derive(Debug)]
pub struct Segment<'a> {
    pub index: u32,
    /// As the name section has it.
    pub name: Option<Cow<'a, str>>,
    /// Where it begins in the first memory; `None` where that is decided later, or where it is in another one.
    pub address: Option<u32>,
    pub size: u64,
    /// The function without which nothing would mention it; `None` where several do, or none.
    pub retained_by: Option<Cow<'a, str>>,
}

/// Where function names come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamesFrom {
    NameSection,
    None,
}

impl Answer<'_> {
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }
}

fields!(Answer<'_>: schema, layout, size, error, features, sections, imports, exports, entries, memories, tables, globals,
    tags, start, functions, largest, crates, garbage, elements, data,
    monomorphizations, names);
fields!(ModuleError<'_>: message, offset, section);
fields!(Section<'_>: name, offset, size);
fields!(Import<'_>: module, name, ty as "type");
fields!(Export<'_>: name, ty as "type");
fields!(Entries: imports, exports);
fields!(Counts: imported, defined);
fields!(Functions: count, imported, size, named);
fields!(Function<'_>: index, name, symbol, krate as "crate", size, retained, retained_data, fingerprint, user);
fields!(Garbage: functions, size);
fields!(Crate<'_>: name, size, functions, instantiated);
fields!(Elements: segments, entries);
fields!(Data<'_>: segments, size, largest);
fields!(Segment<'_>: index, name, address, size, retained_by);
fields!(Monomorphization: name, functions, size, largest);

impl Fields for Memory {
    fn fields(&self, object: &mut Object<'_>) {
        self.ty.fields(object);
        object.field("imported", &self.imported);
    }
}

impl Fields for Table {
    fn fields(&self, object: &mut Object<'_>) {
        self.ty.fields(object);
        object.field("imported", &self.imported);
    }
}

impl Json for Layout {
    fn write(&self, out: &mut String) {
        match self {
            Layout::Core => "core".write(out),
            Layout::Component => "component".write(out),
            Layout::Unknown => "unknown".write(out),
        }
    }
}

impl Json for NamesFrom {
    fn write(&self, out: &mut String) {
        match self {
            NamesFrom::NameSection => "name-section".write(out),
            NamesFrom::None => "none".write(out),
        }
    }
}
