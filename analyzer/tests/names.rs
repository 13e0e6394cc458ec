//! Names: the four spellings of Rust, other languages, and who is charged for what.

mod modules;

use modules::{named, read};

/// What the analyzer says about a function of this name: name, symbol, crate.
fn told(symbol: &[u8]) -> (String, Option<String>, Option<String>) {
    let wasm = named(symbol);
    let answer = read(&wasm);
    assert!(answer.error.is_none(), "{:?}", answer.error);
    let function = &answer.largest[0];
    let krate = function.krate.as_deref().map(str::to_owned);
    assert_eq!(answer.crates[0].name.as_deref(), krate.as_deref(), "the table agrees with the function");
    (function.name.to_string(), function.symbol.as_deref().map(str::to_owned), krate)
}

/// Symbol, name, crate. The first of each group is a symbol that rustc or wasm-bindgen wrote.
const TABLE: &[(&str, &str, Option<&str>)] = &[
    // Legacy mangling.
    ("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write", Some("core")),
    (
        "_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE",
        "<alloc::string::String as core::fmt::Display>::fmt",
        Some("alloc"),
    ),
    (
        "_ZN4core3fmt3num3imp52_$LT$impl$u20$core..fmt..Display$u20$for$u20$i32$GT$3fmt17h0123456789abcdefE",
        "core::fmt::num::imp::<impl core::fmt::Display for i32>::fmt",
        Some("core"),
    ),
    (
        "_ZN44_$LT$$RF$T$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE",
        "<&T as core::fmt::Display>::fmt",
        Some("core"),
    ),
    ("_ZN3app4main17h0123456789abcdefE.llvm.8291", "app::main", Some("app")),
    ("_ZN3app4main17h0123456789abcdefE.1", "app::main.1", Some("app")),
    ("_ZN4_foo3bar17h0123456789abcdefE", "_foo::bar", Some("_foo")),
    // v0 mangling.
    (
        "_RNvMNtCsfXBgetokRmf_19biome_grit_patterns16pattern_compilerNtB2_15PatternCompiler18from_node_with_rhs",
        "<biome_grit_patterns::pattern_compiler::PatternCompiler>::from_node_with_rhs",
        Some("biome_grit_patterns"),
    ),
    ("_RNvNtCs5QKdeY3G5Tm_4core3fmt5write", "core::fmt::write", Some("core")),
    ("_RNvCs1234_7___rustc12___rust_alloc", "__rustc::__rust_alloc", Some("__rustc")),
    // The impl of a foreign trait for a foreign type: its own crate, which the printed name does not tell.
    ("_RNvXCs1_3appNtCs2_4left1ANtCs3_5right1B1f", "<left::A as right::B>::f", Some("app")),
    // A provided method is the trait's, whatever implements it.
    ("_RNvYNtCs2_4left1ANtCs3_5right1B1f", "<left::A as right::B>::f", Some("right")),
    ("_RINvCs1_3app3runNtCs2_4left1AEB0_", "app::run::<left::A>", Some("app")),
    // Demangled by wasm-bindgen, legacy.
    ("core::fmt::write::h0123456789abcdef", "core::fmt::write", Some("core")),
    ("app::main::{{closure}}::h0123456789abcdef", "app::main::{{closure}}", Some("app")),
    (
        "<T as alloc::string::ToString>::to_string::h0123456789abcdef",
        "<T as alloc::string::ToString>::to_string",
        Some("alloc"),
    ),
    ("app::main::h0123456789abcdef.1", "app::main.1", Some("app")),
    ("app::main::h0123456789abcdef.1 externref shim", "app::main.1 externref shim", Some("app")),
    ("app::main::h0123456789abcdef::f", "app::main::h0123456789abcdef::f", Some("app")),
    ("app::main::h0123456789abcdef.\u{e9}", "app::main::h0123456789abcdef.\u{e9}", Some("app")),
    ("app::hash::hdeadbeef", "app::hash::hdeadbeef", Some("app")),
    ("app::h0123456789ABCDEF", "app::h0123456789ABCDEF", Some("app")),
    // Demangled by wasm-bindgen, v0.
    ("automerge[48a3c19e601da739]::clock::Clock::new", "automerge::clock::Clock::new", Some("automerge")),
    (
        "<automerge[48a3c19e601da739]::A as core[9fdf64a6790eadef]::iter::Iterator>::next",
        "<automerge::A as core::iter::Iterator>::next",
        Some("automerge"),
    ),
    ("app[1]::f::<[u8; 4], [core[2]::A]>", "app::f::<[u8; 4], [core::A]>", Some("app")),
    ("<[T] as core[2]::cmp::PartialEq>::eq", "<[T] as core::cmp::PartialEq>::eq", Some("core")),
    // What wasm-bindgen puts before a function has its symbol, and a word that says why.
    (
        "_ZN4core3fmt5write17h0123456789abcdefE externref shim multivalue shim",
        "core::fmt::write externref shim multivalue shim",
        Some("core"),
    ),
    ("_RNvNtCs5QKdeY3G5Tm_4core3fmt5write multivalue shim", "core::fmt::write multivalue shim", Some("core")),
    ("app::main::h0123456789abcdef externref shim", "app::main externref shim", Some("app")),
    ("app[1f]::main externref shim", "app::main externref shim", Some("app")),
    ("alter_channel multivalue shim", "alter_channel multivalue shim", None),
    ("_ZN3foo3barEv externref shim", "_ZN3foo3barEv externref shim", None),
    (" externref shim", " externref shim", None),
    // Who can have written the impl, where only type and trait are known.
    ("<alloc::vec::Vec<T> as app::Handler>::call", "<alloc::vec::Vec<T> as app::Handler>::call", Some("app")),
    ("<alloc::vec::Vec<T> as core::ops::Drop>::drop", "<alloc::vec::Vec<T> as core::ops::Drop>::drop", Some("alloc")),
    ("<alloc::vec::Vec<T> as std::io::Write>::write", "<alloc::vec::Vec<T> as std::io::Write>::write", Some("std")),
    ("<left::A as right::B>::f", "<left::A as right::B>::f", Some("left")),
    ("<&'a mut dyn left::A as right::B>::f", "<&'a mut dyn left::A as right::B>::f", Some("left")),
    ("<fn(A) -> B as right::B>::f", "<fn(A) -> B as right::B>::f", Some("right")),
    ("<<A as left::B>::C as core::D>::f", "<<A as left::B>::C as core::D>::f", Some("left")),
    ("<[T]>::sort", "<[T]>::sort", None),
    // C++, of which Itanium's mangling begins as Rust's legacy one does: a function, a plain one, a method, a
    // destructor, a template, a vtable, an unnamed namespace, a lambda, a name with the form of Rust's hash.
    ("_ZN3foo3barEv", "_ZN3foo3barEv", None),
    ("_Z3addii", "_Z3addii", None),
    ("_ZNK3foo3Bar3getEv", "_ZNK3foo3Bar3getEv", None),
    ("_ZNSt9exceptionD2Ev", "_ZNSt9exceptionD2Ev", None),
    ("_ZN3foo3BarIiE3getEv", "_ZN3foo3BarIiE3getEv", None),
    ("_ZTVSt18bad_variant_access", "_ZTVSt18bad_variant_access", None),
    ("_ZN12_GLOBAL__N_13fooEv", "_ZN12_GLOBAL__N_13fooEv", None),
    ("_ZZN3foo3barEvENKUlvE_clEv", "_ZZN3foo3barEvENKUlvE_clEv", None),
    ("_ZN3foo17h0123456789abcdefEv", "_ZN3foo17h0123456789abcdefEv", None),
    // Not Rust.
    ("memcpy", "memcpy", None),
    ("runtime.mallocgc", "runtime.mallocgc", None),
    ("_ZN6duckdb9ExtensionC2Ev", "_ZN6duckdb9ExtensionC2Ev", None),
    ("_ZN6duckdb5parseEv", "_ZN6duckdb5parseEv", None),
    ("std::__2::vector<int>::push_back(int const&)", "std::__2::vector<int>::push_back(int const&)", None),
    ("duckdb::operator<(duckdb::A const&, duckdb::B)", "duckdb::operator<(duckdb::A const&, duckdb::B)", None),
    ("datafusion::operator::run", "datafusion::operator::run", Some("datafusion")),
    ("::", "::", None),
    ("<", "<", None),
    ("<<<<", "<<<<", None),
    ("123::f", "123::f", None),
];

#[test]
fn names_and_crates() {
    for (symbol, name, krate) in TABLE {
        let differs = (symbol != name).then(|| (*symbol).to_owned());
        assert_eq!(told(symbol.as_bytes()), ((*name).to_owned(), differs, krate.map(str::to_owned)), "{symbol}");
    }
}

#[test]
fn what_is_no_utf8_is_replaced() {
    assert_eq!(told(b"app::\xff\xfef").0, "app::\u{fffd}\u{fffd}f");
    assert_eq!(told(b"app::\xff\xfef").2.as_deref(), Some("app"));
}

#[test]
fn an_empty_name_is_none() {
    assert_eq!(told(b"").0, "function[0]");
}

#[test]
fn long_names_are_cut_between_characters() {
    let (name, symbol, krate) = told(format!("app::{}", "\u{e9}".repeat(2000)).as_bytes());
    assert_eq!(name.len(), 1024);
    assert!(name.starts_with("app::\u{e9}") && name.ends_with("\u{e9}\u{2026}"));
    assert_eq!((symbol, krate.as_deref()), (None, Some("app")));
}

/// A v0 symbol whose last type prints `10.pow(levels)` times as much as it takes: each type is a tuple of ten
/// references back to the one before.
fn bomb(levels: usize) -> String {
    let mut symbol = String::from("_RINvC1a1fTuuuuuuuuuuE");
    let mut previous = "INvC1a1f".len();
    for _ in 0..levels {
        let start = symbol.len() - 2;
        let reference = format!("B{}_", base_62(previous - 1));
        symbol += &format!("T{}E", reference.repeat(10));
        previous = start;
    }
    symbol + "E"
}

fn base_62(mut value: usize) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % 62]);
        value /= 62;
        if value == 0 {
            digits.reverse();
            return String::from_utf8(digits).unwrap();
        }
    }
}

#[test]
fn hostile_names_stay_short() {
    // What the demangler prints for one level proves that the construction means what it says.
    assert!(told(bomb(1).as_bytes()).0.starts_with("a::f::<((), (), "), "{}", told(bomb(1).as_bytes()).0);
    // What is parsed again for every reference and prints next to nothing: the longest `impl` path that pays.
    let path = format!("{}C1a{}", "Nv".repeat(250), "1a".repeat(250));
    let skipped = format!("_RNvYTM{path}u{}ENtC1a1b1f", "B3_".repeat(168));
    // So it is left as it is; with fewer references it is read.
    assert!(told(skipped.as_bytes()).0.starts_with("_RNvYTM"), "{}", told(skipped.as_bytes()).0);
    let read = format!("_RNvYTM{path}u{}ENtC1a1b1f", "B3_".repeat(40));
    assert!(told(read.as_bytes()).0.starts_with("<(<()>, <()>, "), "{}", told(read.as_bytes()).0);
    let hostile = [
        bomb(12),
        format!("_RNvY{}NtC1a1b1f", &bomb(12)[2..]),
        format!("_RNv{}C1a1b1f", "M".repeat(8000)),
        skipped,
        format!("_RNvC1a{}", "u".repeat(8000)),
        format!("_RINvC1a1f{}E", "R".repeat(8000)),
        format!("_ZN{}E", "1a".repeat(4000)),
        format!("_ZN8000{}E", "$LT$".repeat(2000)),
        "<".repeat(1_000_000),
        "<".repeat(4000) + "a::b" + &">".repeat(4000),
        "[".repeat(1_000_000),
        "a[0]".repeat(250_000),
        "::h".repeat(300_000),
        "operator".repeat(100_000),
    ];
    for symbol in hostile {
        let (name, ..) = told(symbol.as_bytes());
        assert!(name.len() <= 1024);
    }
}
