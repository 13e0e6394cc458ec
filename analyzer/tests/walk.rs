//! What the walk reads from readable modules.

mod modules;

use analyzer::answer::{Counts, Layout, NamesFrom};
use analyzer::extern_types::ExternType;
use analyzer::{analyze, options::Options};
use modules::{functions, read, section, text, wat};

fn sections(wasm: &[u8]) -> Vec<(String, usize, usize)> {
    read(wasm).sections.into_iter().map(|s| (s.name.into_owned(), s.offset, s.size)).collect()
}

/// A type as the text format would print it, near enough to read.
fn print(ty: &ExternType) -> String {
    let list = |types: &[analyzer::types::Text]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match ty {
        ExternType::Func(ty) => format!("func ({}) -> ({})", list(&ty.params), list(&ty.results)),
        ExternType::Tag(ty) => format!("tag ({})", list(&ty.params)),
        ExternType::Global(ty) => format!("global {} mutable={} shared={}", ty.value, ty.mutable, ty.shared),
        ExternType::Table(ty) => {
            format!("table {} {}..{:?} table64={}", ty.element, ty.minimum, ty.maximum, ty.table64)
        }
        ExternType::Memory(ty) => format!(
            "memory {}..{:?} of {} shared={} memory64={}",
            ty.minimum, ty.maximum, ty.page_size, ty.shared, ty.memory64
        ),
    }
}

fn exports(wasm: &[u8]) -> Vec<(String, String)> {
    read(wasm).exports.iter().map(|export| (export.name.to_string(), print(&export.ty))).collect()
}

fn imports(wasm: &[u8]) -> Vec<(String, String)> {
    read(wasm).imports.iter().map(|import| (import.name.to_string(), print(&import.ty))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
}

#[test]
fn the_tutorials_module() {
    let wasm = wat("add");
    let answer = read(&wasm);
    assert!(answer.error.is_none());
    assert_eq!(answer.layout, Layout::Core);
    assert_eq!(answer.features, [""; 0]);
    assert_eq!(
        exports(&wasm),
        pairs(&[
            ("memory", "memory 17..None of 65536 shared=false memory64=false"),
            ("add", "func (i32, i32) -> (i32)"),
        ])
    );
    assert_eq!((answer.functions.count, answer.functions.size, answer.functions.named), (1, 8, 1));
    assert_eq!(answer.start, None);
}

#[test]
fn sections_lie_back_to_back() {
    let expected = [
        ("preamble", 0, 8),
        ("type", 8, 9),
        ("function", 17, 4),
        ("memory", 21, 5),
        ("export", 26, 18),
        ("code", 44, 11),
        ("custom.name", 55, 15),
    ];
    assert_eq!(sections(&wat("add")), expected.map(|(name, at, size)| (name.to_owned(), at, size)));
}

#[test]
fn every_section_has_its_name() {
    let names: Vec<String> = sections(&wat("segments")).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(
        names.join(" "),
        "preamble type function table memory global start element data-count code \
         custom.build_id data custom.producers custom.name"
    );
    let names: Vec<String> = sections(&wat("entities")).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names.join(" "), "preamble type import table memory tag global export custom.name");
}

#[test]
fn value_types_print_as_the_text_format_writes_them() {
    assert_eq!(
        imports(&wat("types")),
        pairs(&[
            ("numbers", "func (i32, i64, f32, f64, v128) -> (i32)"),
            (
                "nullable",
                "func (funcref, externref, anyref, eqref, i31ref, structref, arrayref, exnref, contref, \
             nullref, nullfuncref, nullexternref, nullexnref, nullcontref) -> ()"
            ),
            (
                "not-null",
                "func ((ref func), (ref extern), (ref any), (ref eq), (ref i31), (ref struct), (ref array), \
             (ref exn), (ref cont), (ref none), (ref nofunc), (ref noextern), (ref noexn), (ref nocont)) -> ()"
            ),
            ("concrete", "func ((ref 0), (ref null 0), (ref 1), (ref null 2), (ref null 3)) -> ()"),
        ])
    );
    assert_eq!(
        exports(&wat("types")),
        pairs(&[("pair", "func (i32) -> (i32, (ref null 0))"), ("nothing", "func () -> ()"),])
    );
}

#[test]
fn shared_and_exact_types_print_too() {
    let wasm = text(
        "(module (type $t (struct))
           (import \"m\" \"f\" (func (param (ref null (shared func)) (ref (shared any))
             (ref (exact $t)) (ref null (exact $t))))))",
    );
    let expected = "func ((ref null (shared func)), (ref (shared any)), (ref (exact 0)), (ref null (exact 0))) -> ()";
    assert_eq!(imports(&wasm), pairs(&[("f", expected)]));
}

#[test]
fn entities_of_every_kind() {
    let wasm = wat("entities");
    let answer = read(&wasm);
    assert!(answer.error.is_none(), "{:?}", answer.error);
    assert_eq!(
        imports(&wasm),
        pairs(&[
            ("memory", "memory 1..Some(16) of 65536 shared=true memory64=false"),
            ("table", "table funcref 2..Some(20) table64=false"),
            ("stack", "global i32 mutable=true shared=false"),
            ("base", "global i32 mutable=false shared=false"),
            ("failure", "tag (i32, i64)"),
        ])
    );
    assert_eq!(
        exports(&wasm),
        pairs(&[
            ("wide", "memory 3..None of 65536 shared=false memory64=true"),
            ("fine", "memory 10..Some(20) of 1 shared=false memory64=false"),
            ("refs", "table externref 1..None table64=false"),
            ("wide-refs", "table funcref 4..Some(8) table64=true"),
            ("answer", "global i64 mutable=false shared=false"),
            ("count", "global f32 mutable=true shared=false"),
            ("stop", "tag (f64)"),
            ("memory", "memory 1..Some(16) of 65536 shared=true memory64=false"),
            ("failure", "tag (i32, i64)"),
        ])
    );
    let imported: Vec<bool> = answer.memories.iter().map(|memory| memory.imported).collect();
    assert_eq!(imported, [true, false, false]);
    assert_eq!(answer.tables.len(), 3);
    assert_eq!(answer.globals, Counts { imported: 2, defined: 3 });
    assert_eq!(answer.tags, Counts { imported: 1, defined: 2 });
}

#[test]
fn segments_and_the_start_function() {
    let wasm = wat("segments");
    let answer = read(&wasm);
    assert!(answer.error.is_none(), "{:?}", answer.error);
    assert_eq!((answer.data.segments, answer.data.size), (2, 17));
    assert_eq!(answer.start, Some(0));
}

#[test]
fn the_largest_functions_come_first() {
    let wasm = wat("names");
    let largest = |functions| -> Vec<(u32, String, Option<String>, u32)> {
        let answer = analyze(&wasm, &Options { functions, ..Options::default() });
        let crates = |function: &analyzer::answer::Function<'_>| function.krate.as_deref().map(str::to_owned);
        answer.largest.iter().map(|f| (f.index, f.name.to_string(), crates(f), f.size)).collect()
    };
    let expected = [
        (0, "core::fmt::write", Some("core"), 7),
        (1, "core::fmt::write", Some("core"), 7),
        (2, "app::route", Some("app"), 7),
        (3, "<app::Router as core::ops::drop::Drop>::drop", Some("app"), 6),
        (4, "memcpy", None, 6),
        (5, "handle", None, 5),
        (6, "function[6]", None, 3),
    ]
    .map(|(index, name, krate, size)| (index, name.to_owned(), krate.map(str::to_owned), size));
    assert_eq!(largest(None), expected);
    assert_eq!(largest(Some(2)), expected[..2]);
    assert_eq!(largest(Some(0)), []);
    assert_eq!(largest(Some(50)), expected);
}

#[test]
fn functions_add_up_by_crate() {
    let wasm = wat("names");
    let answer = read(&wasm);
    let crates: Vec<_> = answer.crates.iter().map(|c| (c.name.as_deref(), c.size, c.functions)).collect();
    assert_eq!(crates, [(None, 14, 3), (Some("core"), 14, 2), (Some("app"), 13, 2)]);
    assert_eq!(answer.functions.size, 41);
    assert_eq!((answer.functions.count, answer.functions.named), (7, 5));
    assert_eq!(answer.names, NamesFrom::NameSection);
    assert_eq!(read(&functions(&[b"\0\x0b"], &[])).names, NamesFrom::None);
}

#[test]
fn a_padded_size_field_belongs_to_its_function() {
    // The body's size, 2, in three bytes: as a linker leaves it that does not rewrite the number.
    let code = b"\x01\x82\x80\0\0\x0b";
    let wasm = modules::module(&[section(1, b"\x01\x60\0\0"), section(3, b"\x01\0"), section(10, code)]);
    let answer = read(&wasm);
    assert!(answer.error.is_none(), "{:?}", answer.error);
    assert_eq!((answer.functions.size, answer.largest[0].size), (5, 5));
}

#[test]
fn a_component_is_listed_and_not_looked_into() {
    let wasm = text("(component (core module (func (export \"f\"))) (import \"a\" (func)))");
    let answer = read(&wasm);
    assert_eq!(answer.layout, Layout::Component);
    assert!(answer.error.is_none());
    let names: Vec<&str> = answer.sections.iter().map(|section| &*section.name).collect();
    assert_eq!(names, ["preamble", "core-module", "type", "import", "custom.component-name"][..names.len()]);
    assert!(names.len() >= 4);
    assert_eq!((answer.exports.len(), answer.functions.count), (0, 0));
}
