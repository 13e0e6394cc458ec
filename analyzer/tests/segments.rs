//! Data segments: which functions mention them, and what goes with a function.

mod modules;

use analyzer::{analyze, options::Options};
use modules::text;

/// `function retained_data …` for the functions, then `index address size retained_by` for the segments.
fn told(wat: &str) -> (Vec<(String, u64)>, Vec<String>) {
    let wasm = text(wat);
    let answer = analyze(&wasm, &Options { functions: None, ..Options::default() });
    assert!(answer.error.is_none(), "{wat}: {:?}", answer.error);
    let mut functions: Vec<_> = answer.largest.iter().map(|f| (f.name.to_string(), f.retained_data)).collect();
    functions.sort();
    let segment = |s: &analyzer::answer::Segment<'_>| {
        let address = s.address.map_or("-".to_owned(), |address| address.to_string());
        format!("{} {address} {} {}", s.name.as_deref().unwrap_or("-"), s.size, s.retained_by.as_deref().unwrap_or("-"))
    };
    (functions, answer.data.largest.iter().map(segment).collect())
}

#[test]
fn a_constant_inside_a_segment_is_its_address() {
    for (body, by_a) in [
        ("(drop (i32.const 2000))", true),
        ("(drop (i32.const 2009))", true),
        ("(drop (i32.const 2010))", false),
        ("(drop (i32.const 1999))", false),
        ("(drop (i32.load8_u offset=2004 (i32.const 0)))", true),
        ("(i32.store8 offset=2004 (i32.const 0) (i32.const 7))", true),
        ("(drop (i64.const 2000))", false),
        ("(drop (f32.const 2000))", false),
    ] {
        let (functions, segments) = told(&format!(
            r#"(module (memory 1) (func $a (export "a") {body}) (func $b (export "b"))
               (data $text (i32.const 2000) "0123456789"))"#
        ));
        assert_eq!(functions, [("a".to_owned(), if by_a { 10 } else { 0 }), ("b".to_owned(), 0)], "{body}");
        assert_eq!(segments, [format!("text 2000 10 {}", if by_a { "a" } else { "-" })], "{body}");
    }
}

#[test]
fn what_several_mention_goes_with_what_they_have_in_common() {
    let (functions, segments) = told(
        r#"(module (memory 1)
           (func $main (export "main") (call $a) (call $b))
           (func $a (drop (i32.const 2000)))
           (func $b (drop (i32.const 2001)) (drop (i32.const 3000)))
           (func $dead (drop (i32.const 4000)))
           (data $both (i32.const 2000) "0123456789")
           (data $one (i32.const 3000) "0123")
           (data $none (i32.const 4000) "01"))"#,
    );
    let sizes: Vec<_> = functions.iter().map(|(name, size)| (name.as_str(), *size)).collect();
    assert_eq!(sizes, [("a", 0), ("b", 4), ("dead", 0), ("main", 14)]);
    assert_eq!(segments, ["both 2000 10 main", "one 3000 4 b", "none 4000 2 -"]);
}

#[test]
fn low_numbers_and_unknown_places_are_no_addresses() {
    let (functions, segments) = told(
        r#"(module (import "env" "base" (global $base i32)) (import "env" "memory" (memory 1)) (memory $other 1)
           (func $a (export "a") (drop (i32.const 16)) (drop (i32.const 5000))
             (memory.init $late (i32.const 0) (i32.const 0) (i32.const 1)))
           (data $low (i32.const 16) "0123")
           (data $later (global.get $base) "012")
           (data $elsewhere (memory $other) (i32.const 5000) "01")
           (data $late "0"))"#,
    );
    // `memory.init` names its segment.
    assert_eq!(functions, [("a".to_owned(), 1)]);
    assert_eq!(segments, ["low 16 4 -", "later - 3 -", "elsewhere - 2 -", "late - 1 a"]);
}
