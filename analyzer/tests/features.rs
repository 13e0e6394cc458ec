//! The features a module needs: told right, and neither too many nor too few for a validator.

mod modules;

use modules::{read, text, wat};
use wasmparser::{Validator, WasmFeatures};

/// A module and all that it needs.
const TABLE: &[(&str, &[&str])] = &[
    ("(module (func (param i32 i64 f32 f64) (result i32) local.get 0))", &[]),
    ("(module (memory 1) (data (i32.const 0) \"a\") (func (drop (i32.load8_u (i32.const 0)))))", &[]),
    ("(module (table 1 funcref) (elem (i32.const 0) 0) (func (call_indirect (i32.const 0))))", &[]),
    ("(module (global (export \"g\") i32 (i32.const 1)))", &[]),
    ("(module (func (result i32 i32) i32.const 1 i32.const 2))", &["multi-value"]),
    ("(module (func i32.const 1 (block (param i32) drop)))", &["multi-value"]),
    ("(module (import \"m\" \"g\" (global (mut i32))))", &["mutable-globals"]),
    ("(module (global (export \"g\") (mut i32) (i32.const 1)))", &["mutable-globals"]),
    ("(module (func (drop (i32.extend8_s (i32.const 1)))))", &["sign-extensions"]),
    ("(module (func (drop (i32.trunc_sat_f32_s (f32.const 1)))))", &["saturated-float-to-int"]),
    ("(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))))", &["bulk-memory"]),
    ("(module (memory 1) (data \"passive\"))", &["bulk-memory"]),
    ("(module (func $f) (elem func $f))", &["bulk-memory"]),
    ("(module (func (param externref)))", &["reference-types"]),
    ("(module (func (local funcref)))", &["reference-types"]),
    ("(module (func (block (result funcref) unreachable) drop))", &["reference-types"]),
    ("(module (table 1 funcref) (table 1 funcref))", &["reference-types"]),
    ("(module (table 1 externref))", &["reference-types"]),
    ("(module (func (drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 0)))))", &["reference-types"]),
    ("(module (func (param v128)))", &["simd"]),
    ("(module (func (drop (i32x4.splat (i32.const 1)))))", &["simd"]),
    ("(module (global v128 (v128.const i64x2 1 2)))", &["simd"]),
    (
        "(module (func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))",
        &["relaxed-simd", "simd"],
    ),
    ("(module (memory 1 2 shared))", &["threads"]),
    ("(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))", &["threads"]),
    ("(module (memory i64 1))", &["memory64"]),
    ("(module (table i64 1 funcref))", &["memory64"]),
    ("(module (memory 1) (memory 1))", &["multi-memory"]),
    ("(module (memory 1 (pagesize 1)))", &["custom-page-sizes"]),
    ("(module (func $f return_call $f))", &["tail-call"]),
    ("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", &["extended-const"]),
    ("(module (memory 1) (data (i32.sub (i32.const 9) (i32.const 2)) \"a\"))", &["extended-const"]),
    ("(module (global i32 (i32.const 1)) (global i32 (global.get 0)))", &["gc"]),
    ("(module (tag) (func (throw 0)))", &["exceptions"]),
    ("(module (func (param exnref)))", &["exceptions", "reference-types"]),
    ("(module (func (param (ref func))))", &["reference-types", "typed-function-references"]),
    (
        "(module (type $t (func)) (func (param (ref null $t)) (call_ref $t (local.get 0))))",
        &["reference-types", "typed-function-references"],
    ),
    ("(module (type (struct (field i32))))", &["gc"]),
    ("(module (type (array i8)))", &["gc"]),
    ("(module (rec (type (func)) (type (func))))", &["gc"]),
    ("(module (func (param i31ref)))", &["gc", "reference-types"]),
    ("(module (func (drop (ref.i31 (i32.const 1)))))", &["gc"]),
    ("(module (type $f (func)) (type (cont $f)))", &["stack-switching"]),
    (
        "(module (func (param i64 i64 i64 i64) local.get 0 local.get 1 local.get 2 local.get 3 i64.add128 drop drop))",
        &["wide-arithmetic"],
    ),
    ("(module (type (shared (func))))", &["shared-everything-threads"]),
];

fn flag(feature: &str) -> WasmFeatures {
    match feature {
        "bulk-memory" => WasmFeatures::BULK_MEMORY,
        "custom-page-sizes" => WasmFeatures::CUSTOM_PAGE_SIZES,
        "exceptions" => WasmFeatures::EXCEPTIONS,
        "extended-const" => WasmFeatures::EXTENDED_CONST,
        "gc" => WasmFeatures::GC,
        "legacy-exceptions" => WasmFeatures::LEGACY_EXCEPTIONS,
        "memory64" => WasmFeatures::MEMORY64,
        "multi-memory" => WasmFeatures::MULTI_MEMORY,
        "multi-value" => WasmFeatures::MULTI_VALUE,
        "mutable-globals" => WasmFeatures::MUTABLE_GLOBAL,
        "reference-types" => WasmFeatures::REFERENCE_TYPES,
        "relaxed-simd" => WasmFeatures::RELAXED_SIMD,
        "saturated-float-to-int" => WasmFeatures::SATURATING_FLOAT_TO_INT,
        "shared-everything-threads" => WasmFeatures::SHARED_EVERYTHING_THREADS,
        "sign-extensions" => WasmFeatures::SIGN_EXTENSION,
        "simd" => WasmFeatures::SIMD,
        "stack-switching" => WasmFeatures::STACK_SWITCHING,
        "tail-call" => WasmFeatures::TAIL_CALL,
        "threads" => WasmFeatures::THREADS,
        "typed-function-references" => WasmFeatures::FUNCTION_REFERENCES,
        "wide-arithmetic" => WasmFeatures::WIDE_ARITHMETIC,
        other => panic!("no flag for {other}"),
    }
}

fn is_valid_with(wasm: &[u8], features: &[&str]) -> bool {
    let features = features.iter().fold(WasmFeatures::MVP, |all, feature| all | flag(feature));
    Validator::new_with_features(features).validate_all(wasm).is_ok()
}

#[test]
fn features_of_small_modules() {
    for (wat, expected) in TABLE {
        let wasm = text(wat);
        let answer = read(&wasm);
        assert!(answer.error.is_none(), "{wat}: {:?}", answer.error);
        assert_eq!(answer.features, *expected, "{wat}");
    }
}

/// The validator that gates each proposal is the independent judge: with what we name it accepts the module.
#[test]
fn the_features_suffice() {
    for (wat, expected) in TABLE {
        assert!(is_valid_with(&text(wat), expected), "{wat} needs more than {expected:?}");
    }
    for name in modules::WAT {
        let wasm = wat(name);
        let features = read(&wasm).features;
        assert!(is_valid_with(&wasm, &features), "{name} needs more than {features:?}");
    }
}

/// And without any one of them it does not.
#[test]
fn each_feature_is_needed() {
    for (wat, expected) in TABLE {
        let wasm = text(wat);
        for left_out in *expected {
            let rest: Vec<&str> = expected.iter().copied().filter(|feature| feature != left_out).collect();
            assert!(!is_valid_with(&wasm, &rest), "{wat} does without {left_out}");
        }
    }
}

/// LLVM writes the table index of `call_indirect` in five bytes, which an engine of 1.0 refuses.
#[test]
fn a_padded_table_index_needs_reference_types() {
    let table = modules::section(4, b"\x01\x70\0\x01");
    let with_body = |body: &[u8]| {
        let code = [&[1, body.len() as u8], body].concat();
        let types = modules::section(1, b"\x01\x60\0\0");
        modules::module(&[types, modules::section(3, b"\x01\0"), table.clone(), modules::section(10, &code)])
    };
    let padded = with_body(b"\0\x41\0\x11\0\x80\x80\x80\x80\0\x0b");
    assert_eq!(read(&padded).features, ["reference-types"]);
    assert!(!is_valid_with(&padded, &[]));
    // A padded type index is a matter of LEB128, which 1.0 allows.
    let plain = with_body(b"\0\x41\0\x11\x80\x80\0\0\x0b");
    assert_eq!(read(&plain).features, [""; 0]);
    assert!(is_valid_with(&plain, &[]));
}

/// The older exceptions have no text format any more: `try`, `catch 0`, `end` and `try`, `catch_all`, `end`.
#[test]
fn legacy_exceptions_are_told_apart() {
    let with = |sections: &[Vec<u8>], body: &[u8]| {
        let code = [&[1, body.len() as u8], body].concat();
        let head = [modules::section(1, b"\x01\x60\0\0"), modules::section(3, b"\x01\0")];
        modules::module(&[head.as_slice(), sections, &[modules::section(10, &code)]].concat())
    };
    let tag = with(&[modules::section(13, b"\x01\0\0")], b"\0\x06\x40\x07\0\x0b\x0b");
    let all = with(&[], b"\0\x06\x40\x19\x0b\x0b");
    for (wasm, expected) in
        [(tag, ["exceptions", "legacy-exceptions"].as_slice()), (all, ["legacy-exceptions"].as_slice())]
    {
        assert!(read(&wasm).error.is_none(), "{:?}", read(&wasm).error);
        assert_eq!(read(&wasm).features, expected);
        assert!(is_valid_with(&wasm, expected));
        assert!(!is_valid_with(&wasm, &["exceptions"]));
    }
}
