//! Generic code: who is told to have instantiated it, and how its instances are grouped.

mod modules;

use analyzer::answer::Monomorphization;
use analyzer::{analyze, options::Options};
use modules::{functions, named, read};

#[test]
fn who_instantiated_a_generic_function() {
    for (symbol, definer, user) in [
        // The v0 mangling ends in the instantiating crate.
        ("_RINvCs1_3app3runNtCs2_4left1AECs9_5other", "app", Some("other")),
        ("_RINvCs1_3app3runNtCs2_4left1AEB0_", "app", None),
        ("_RINvCs1_3app3runNtCs2_4left1AEBg_", "app", Some("left")),
        ("_RNvCs1_3app3run", "app", None),
        ("_RNvCs1_3app7E6other", "app", None),
        // The legacy mangling keeps the types of some functions.
        ("_ZN4core3ptr31drop_in_place$LT$app..Thing$GT$17h0123456789abcdefE", "core", Some("app")),
        ("_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE", "core", None),
        ("_ZN4core3ptr49drop_in_place$LT$$LP$app..A$C$$u20$other..B$RP$$GT$17h0123456789abcdefE", "core", None),
        ("_ZN4core3fmt5write17h0123456789abcdefE", "core", None),
        ("_ZN48_$LT$app..A$u20$as$u20$serde..ser..Serialize$GT$9serialize17h0123456789abcdefE", "app", None),
        // Demangled, by wasm-bindgen or somebody else.
        ("core::ptr::drop_in_place<app::Thing>::h0123456789abcdef", "core", Some("app")),
        ("core[1a]::ptr::drop_in_place::<app[2b]::Thing>", "core", Some("app")),
        ("<alloc::vec::Vec<app::Thing> as core::clone::Clone>::clone", "alloc", Some("app")),
        ("<serde_json::Map<T> as serde::MapAccess>::next::<app::Config>", "serde_json", Some("app")),
        ("core::ptr::drop_in_place<(app::A, other::B)>", "core", None),
        ("core::ptr::drop_in_place<&app::A>", "core", Some("app")),
        ("core::iter::fold::<T::Item, app::f::{closure#0}>", "core", Some("app")),
        ("app::run", "app", None),
    ] {
        let wasm = named(symbol.as_bytes());
        let answer = read(&wasm);
        let function = &answer.largest[0];
        assert_eq!(function.krate.as_deref(), Some(definer), "{symbol}");
        assert_eq!(function.user.as_deref(), user, "{symbol}");
    }
}

#[test]
fn instances_are_listed_with_their_user() {
    let body: &[u8] = b"\0\x0b";
    let names: [&[u8]; 4] = [b"core::drop<app::A>", b"core::drop<app::B>", b"core::fmt::write", b"app::main"];
    let wasm = functions(&[body; 4], &names);
    let crates = read(&wasm).crates;
    let rows: Vec<_> =
        crates.iter().map(|row| (row.name.as_deref(), row.size, row.functions, row.instantiated)).collect();
    assert_eq!(rows, [(Some("core"), 9, 3, 0), (Some("app"), 3, 1, 6)]);
}

#[test]
fn instances_of_one_function_are_a_group() {
    let bodies: [&[u8]; 7] =
        [b"\0\x01\x01\x0b", b"\0\x01\x0b", b"\0\x0b", b"\0\x01\x0b", b"\0\x0b", b"\0\x0b", b"\0\x0b"];
    let names: [&[u8]; 7] = [
        b"core::ptr::drop_in_place<app::A>",
        b"core::ptr::drop_in_place<alloc::vec::Vec<app::B>>",
        b"<alloc::vec::Vec<app::A>>::push",
        b"<alloc::vec::Vec<app::B>>::push",
        b"<app::A as core::fmt::Debug>::fmt",
        b"<app::B as core::fmt::Debug>::fmt",
        b"core::iter::fold::<fn(u8) -> u8, app::C>",
    ];
    let wasm = functions(&bodies, &names);
    let groups = |limit| analyze(&wasm, &Options { monomorphizations: limit, ..Options::default() }).monomorphizations;
    let group =
        |name: &str, functions, size, largest| Monomorphization { name: name.to_owned(), functions, size, largest };
    let all = [group("core::ptr::drop_in_place", 2, 9, 5), group("<alloc::vec::Vec>::push", 2, 7, 4)];
    assert_eq!(groups(None), all);
    assert_eq!(groups(Some(1)), all[..1]);
    assert_eq!(groups(Some(0)), []);
}
