//! Fingerprints: what two bodies may differ in and still be the same code, and what they may not.

mod modules;

use analyzer::fingerprint::{Fingerprint, SMALLEST};
use modules::{read, text};

/// The fingerprint of the one function that is exported.
fn fingerprint(wat: &str) -> Option<Fingerprint> {
    let wasm = text(wat);
    let answer = read(&wasm);
    assert!(answer.error.is_none(), "{wat}: {:?}", answer.error);
    answer.largest.iter().find(|function| function.name == "it").unwrap().fingerprint
}

/// A module around a body that is long enough to have a fingerprint.
fn around(body: &str) -> String {
    let padding = "nop ".repeat(40);
    format!(
        r#"(module (type $t (func)) (type $u (func (param i32))) (type $w (func))
        (memory 1) (table 2 funcref) (global $g (mut i32) (i32.const 0)) (global $h (mut i32) (i32.const 0))
        (func $f) (func $k) (elem declare func $f $k)
        (func $it (export "it") (param $p i32) (param $q i32) (local $l i32) (local $m i32) {padding} {body}))"#
    )
}

#[test]
fn what_does_not_count() {
    for (one, other) in [
        ("call $f", "call $k"),
        ("return_call $f", "return_call $k"),
        ("ref.func $f drop", "ref.func $k drop"),
        ("global.get $g drop", "global.get $h drop"),
        ("i32.const 0 global.set $g", "i32.const 0 global.set $h"),
        ("i32.const 1048576 drop", "i32.const 1048592 drop"),
        ("i32.const 8192 drop", "i32.const -8193 drop"),
        ("i32.const 0 i32.load offset=16384 drop", "i32.const 0 i32.load offset=1048576 drop"),
        ("i32.const 0 call_indirect (type $t)", "i32.const 0 call_indirect (type $w)"),
    ] {
        assert_eq!(fingerprint(&around(one)), fingerprint(&around(other)), "{one} | {other}");
    }
}

#[test]
fn what_counts() {
    let bodies = [
        "",
        "nop",
        "call $f",
        "return_call $f",
        "memory.size drop",
        "call $f nop",
        "nop call $f",
        "call $f call $f",
        "i32.const 8192 i32.const 0 drop drop",
        "i32.const 0 i32.const 8192 drop drop",
        "ref.func $f drop",
        "global.get $g drop",
        "local.get $p drop",
        "local.get $q drop",
        "i32.const 0 drop",
        "i32.const 1 drop",
        "i32.const -1 drop",
        "i32.const 8191 drop",
        "i32.const 8192 drop",
        "i64.const 1 drop",
        "i64.const 8192 drop",
        "i64.const 1048576 drop",
        "f32.const 1 drop",
        "f64.const 1 drop",
        "f64.const 2 drop",
        "i32.const 0 i32.load drop",
        "i32.const 0 i32.load offset=4 drop",
        "i32.const 0 i32.load offset=16383 drop",
        "i32.const 0 i32.load offset=16384 drop",
        "i32.const 0 i32.load align=1 drop",
        "i32.const 0 i32.load8_u drop",
        "block end",
        "block (result i32) i32.const 0 end drop",
        "loop end",
        "block block br 0 end end",
        "block block br 1 end end",
        "block block i32.const 0 br_table 0 1 end end",
        "block block i32.const 0 br_table 1 0 end end",
        "block block i32.const 0 br_table 0 0 1 end end",
        "v128.const i64x2 1 2 drop",
        "v128.const i64x2 2 1 drop",
        "ref.null func drop",
        "ref.null extern drop",
    ];
    for (index, one) in bodies.iter().enumerate() {
        assert!(fingerprint(&around(one)).is_some());
        for other in &bodies[index + 1..] {
            assert_ne!(fingerprint(&around(one)), fingerprint(&around(other)), "{one} | {other}");
        }
    }
}

#[test]
fn locals_count_and_names_do_not() {
    let module = |name: &str, local: &str| {
        format!(r#"(module (func ${name} (export "it") (local {local}) {}))"#, "nop ".repeat(40))
    };
    let renamed = |name: &str| module(name, "i32").replace(&format!("${name} "), "");
    assert_ne!(fingerprint(&module("it", "i32")), fingerprint(&module("it", "i64")));
    assert_ne!(fingerprint(&module("it", "i32")), fingerprint(&module("it", "i32 i32")));
    assert_eq!(fingerprint(&renamed("other")), fingerprint(&module("it", "i32")));
}

#[test]
fn what_stands_before_the_code_does_not_count() {
    let body = format!(r#"(func $it (export "it") {})"#, "i32.const 5 drop ".repeat(20));
    let alone = format!("(module {body})");
    for before in ["(global funcref (ref.func $it))", "(table funcref (elem $it))", "(import \"\" \"\" (global i32))"] {
        assert_eq!(fingerprint(&format!("(module {before} {body})")), fingerprint(&alone), "{before}");
    }
}

#[test]
fn where_a_body_ends_does_not_count() {
    // The last instructions of a body are read one by one, those before them by words.
    // The index of the function takes one byte in one of them and two in the other: everything behind it is shifted.
    let functions = |before: usize| {
        let many = "(func)".repeat(before);
        let padding = "nop ".repeat(40);
        let code = "call $f i32.const 1 drop local.get 0 drop";
        format!(r#"(module {many} (func $f) (func (export "it") (param i32) {padding} {code}))"#)
    };
    assert_eq!(fingerprint(&functions(3)), fingerprint(&functions(300)));
}

#[test]
fn small_bodies_have_none() {
    let of_size = |size: u32| format!(r#"(module (func (export "it") {}))"#, "nop ".repeat(size as usize - 3));
    assert_eq!(fingerprint(&of_size(SMALLEST)), None);
    assert!(fingerprint(&of_size(SMALLEST + 1)).is_some());
}

#[test]
fn the_same_body_has_the_same_fingerprint_in_every_version() {
    // Recorded baselines hold these: another value here means that they no longer match.
    let expected = "defc6bb3c7681a43";
    let written = format!("{:016x}", fingerprint(&around("call $f")).unwrap().0);
    assert_eq!(written, expected);
}
