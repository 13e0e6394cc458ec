//! Why: the paths to a crate or a function, by hand.

mod modules;

use analyzer::{why, why::Matched};
use modules::text;

const MODULE: &str = r#"(module (table 1 funcref) (elem (i32.const 0) func $"app::called")
    (func $"app::main" (export "main") (call $"app::left") (call $"app::right"))
    (func $"app::left" (call $"json::parse"))
    (func $"app::right" (call $"json::parse") (call $"app::only"))
    (func $"app::only" (call $"json::print"))
    (func $"app::called" (call $"net::send"))
    (func $"app::dead" (call $"json::lost"))
    (func $"json::parse") (func $"json::print") (func $"json::lost") (func $"net::send"))"#;

/// `entry: step > step`, a `!` behind the steps that every path has.
fn paths(query: &str) -> (Matched, usize, Vec<String>) {
    let wasm = text(MODULE);
    let told = why(&wasm, query);
    let path = |path: &analyzer::why::Path<'_>| {
        let steps: Vec<_> =
            path.steps.iter().map(|step| format!("{}{}", step.name, if step.only { "!" } else { "" })).collect();
        format!("{} {}: {}", path.entry.kind, path.entry.name.as_deref().unwrap_or("-"), steps.join(" > "))
    };
    (told.matched_by, told.functions, told.paths.iter().map(path).collect())
}

#[test]
fn a_crate_a_name_or_a_part_of_it() {
    assert_eq!(
        paths("json"),
        (
            Matched::Crate,
            3,
            vec![
                "export main: app::main! > app::left > json::parse!".to_owned(),
                "export main: app::main! > app::right! > app::only! > json::print!".to_owned(),
            ]
        )
    );
    assert_eq!(paths("net::send"), (Matched::Name, 1, vec!["table -: app::called! > net::send!".to_owned()]));
    assert_eq!(paths("print").0, Matched::Part);
    assert_eq!(paths("app::main").2, ["export main: app::main!"]);
    assert_eq!(paths("nothing of the kind"), (Matched::Nothing, 0, vec![]));
}

#[test]
fn what_nothing_reaches_is_counted_and_not_explained() {
    let wasm = text(MODULE);
    let told = why(&wasm, "json::lost");
    assert_eq!((told.functions, told.unreached, told.paths.len()), (1, told.size, 0));
    assert!(told.size > 0);
}
