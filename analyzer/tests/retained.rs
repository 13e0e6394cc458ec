//! Retained sizes and garbage: tables with dominators worked out by hand, and random graphs against the definition.

mod modules;

use analyzer::answer::{Answer, Garbage};
use analyzer::{analyze, options::Options};
use modules::{leb, module, section, text};

fn everything(wasm: &[u8]) -> Answer<'_> {
    analyze(wasm, &Options { functions: None, ..Options::default() })
}

/// The functions by index, each with its retained size as a multiple of the size of one.
fn retained(wat: &str) -> String {
    let wasm = text(wat);
    let answer = everything(&wasm);
    assert!(answer.error.is_none(), "{wat}: {:?}", answer.error);
    let mut functions: Vec<_> = answer.largest.iter().collect();
    functions.sort_by_key(|function| function.index);
    let own = |index: usize| u64::from(functions[index].size);
    let sums = |index: usize, retained: u64| {
        // Which set of functions has this sum is told by giving each a size of its own, see `BODY`.
        let mut rest = retained - own(index);
        let mut names = vec![functions[index].name.to_string()];
        for function in functions.iter().rev() {
            if function.index as usize != index + answer.functions.imported && rest >= u64::from(function.size) {
                rest -= u64::from(function.size);
                names.push(function.name.to_string());
            }
        }
        assert_eq!(rest, 0, "{wat}: {retained} is no sum of sizes");
        names.sort();
        names.concat()
    };
    let text = |(index, retained): (usize, Option<u64>)| retained.map_or("-".to_owned(), |sum| sums(index, sum));
    functions.iter().map(|function| function.retained).enumerate().map(text).collect::<Vec<_>>().join(" ")
}

/// Functions `a`, `b`, … that call what follows their letter; the sizes are such that each set has a sum of its own.
fn calling(graph: &str, rest: &str) -> String {
    let functions: String = graph
        .split_whitespace()
        .enumerate()
        .map(|(index, letters)| {
            let calls: String = letters[1..].chars().map(|callee| format!("call ${callee} ")).collect();
            let padding = "nop ".repeat((64 << index) - 2 * (letters.len() - 1));
            format!("(func ${} {calls} {padding})", &letters[..1])
        })
        .collect();
    format!("(module {functions} {rest})")
}

#[test]
fn what_a_function_dominates() {
    let root = r#"(export "a" (func $a))"#;
    for (graph, rest, expected) in [
        ("a", root, "a"),
        ("ab b", root, "ab b"),
        ("ab bc c", root, "abc bc c"),
        // A diamond: neither arm is needed for its foot.
        ("abc bd cd d", root, "abcd b c d"),
        // Recursion, of one and of two.
        ("ab bbc cb", root, "abc bc c"),
        // An irreducible loop that is entered at both ends.
        ("abc bc cb", root, "abc b c"),
        // The example of Lengauer and Tarjan in short: a deep node that a shallow one reaches.
        ("abd bc cd de e", root, "abcde bc c de e"),
        // A second export takes away what was shared.
        ("ab b", r#"(export "a" (func $a)) (export "b" (func $b))"#, "a b"),
        ("ab b", r#"(export "a" (func $a)) (start $b)"#, "a b"),
        ("ab b", r#"(export "a" (func $a)) (table 1 funcref) (elem (i32.const 0) $b)"#, "a b"),
        ("ab b", r#"(export "a" (func $a)) (table 1 funcref) (elem (i32.const 0) funcref (ref.func $b))"#, "a b"),
        ("ab b", r#"(export "a" (func $a)) (elem func $b)"#, "a b"),
        ("ab b", r#"(export "a" (func $a)) (global funcref (ref.func $b))"#, "a b"),
        // A declaration reaches nothing.
        ("ab b", r#"(export "a" (func $a)) (elem declare func $b)"#, "ab b"),
        // Garbage keeps nothing, and keeps nobody from dominating.
        ("a bc c", root, "a - -"),
        ("ab b cb", root, "ab b -"),
        ("ab ba", "", "- -"),
    ] {
        assert_eq!(retained(&calling(graph, rest)), expected, "{graph} {rest}");
    }
}

#[test]
fn every_way_to_name_a_function_is_an_edge() {
    for body in ["call $b", "return_call $b", "ref.func $b drop"] {
        let wat = format!(
            r#"(module (import "m" "f" (func)) (func $a (export "a") {body}) (func $b nop nop nop nop nop nop nop nop)
            (elem declare func $b))"#
        );
        assert_eq!(retained(&wat), "ab b", "{body}");
    }
}

#[test]
fn garbage_is_counted() {
    let wasm = text(&calling("ab b cd d", r#"(export "a" (func $a))"#));
    let answer = everything(&wasm);
    let size = |name: &str| u64::from(answer.largest.iter().find(|function| function.name == name).unwrap().size);
    assert_eq!(answer.garbage, Garbage { functions: 2, size: size("c") + size("d") });
    assert_eq!(analyze(b"\0asm\x0d\0\x01\0", &Options::default()).garbage, Garbage::default());
}

#[test]
fn an_index_that_leads_nowhere_is_no_edge() {
    let code = b"\x01\x07\0\x10\x00\x10\xe4\x00\x0b\x0b";
    let wasm =
        module(&[section(1, b"\x01\x60\0\0"), section(3, b"\x01\0"), section(7, b"\x01\x01a\0\0"), section(10, code)]);
    let answer = everything(&wasm);
    assert!(answer.error.is_some());
    assert_eq!(answer.largest[0].retained, Some(8));
}

/// A module of functions that call each other; the first `roots` are exported.
fn calls(edges: &[Vec<usize>], roots: usize) -> Vec<u8> {
    let mut code = leb(edges.len());
    for targets in edges {
        let calls: Vec<u8> = targets.iter().flat_map(|target| [vec![0x10], leb(*target)].concat()).collect();
        let body = [b"\0", calls.as_slice(), b"\x0b"].concat();
        code.extend([leb(body.len()), body].concat());
    }
    let exports: Vec<u8> = (0..roots)
        .flat_map(|index| [vec![3], format!("{index:03}").into_bytes(), vec![0], leb(index)].concat())
        .collect();
    module(&[
        section(1, b"\x01\x60\0\0"),
        section(3, &[leb(edges.len()), vec![0; edges.len()]].concat()),
        section(7, &[leb(roots), exports].concat()),
        section(10, &code),
    ])
}

/// What can be reached without going through `removed`.
fn reached(edges: &[Vec<usize>], roots: usize, removed: Option<usize>) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    let mut stack: Vec<usize> = (0..roots).collect();
    while let Some(node) = stack.pop() {
        if Some(node) != removed && !std::mem::replace(&mut seen[node], true) {
            stack.extend(&edges[node]);
        }
    }
    seen
}

#[test]
fn retained_is_what_is_unreachable_without_the_function() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..400 {
        let nodes = 1 + random(40);
        let most = 1 + random(4);
        let edges: Vec<Vec<usize>> =
            (0..nodes).map(|_| (0..random(most + 1)).map(|_| random(nodes)).collect()).collect();
        let roots = random(nodes.min(4) + 1);
        let wasm = calls(&edges, roots);
        let answer = everything(&wasm);
        assert!(answer.error.is_none());
        let mut sizes = vec![0; nodes];
        answer.largest.iter().for_each(|function| sizes[function.index as usize] = u64::from(function.size));
        let sum = |set: Vec<bool>| -> u64 { set.iter().zip(&sizes).filter(|(is_in, _)| **is_in).map(|(_, s)| s).sum() };
        let all = reached(&edges, roots, None);
        for function in &answer.largest {
            let index = function.index as usize;
            let expected = all[index].then(|| sum(all.clone()) - sum(reached(&edges, roots, Some(index))));
            assert_eq!(function.retained, expected, "{index} of {edges:?} from {roots}");
        }
        assert_eq!(answer.garbage.size, sizes.iter().sum::<u64>() - sum(all));
    }
}

#[test]
fn a_long_chain_and_a_ladder_take_no_long_time() {
    // Edges forth and back at each rung.
    let rungs = 100_000_usize;
    let ladder: Vec<Vec<usize>> = (0..rungs).map(|n| vec![(n + 1) % rungs, n.saturating_sub(1)]).collect();
    let chain: Vec<Vec<usize>> = (0..rungs).map(|n| if n + 1 < rungs { vec![n + 1] } else { vec![] }).collect();
    for edges in [ladder, chain] {
        let wasm = calls(&edges, 1);
        let answer = analyze(&wasm, &Options { functions: None, check_bodies: false, ..Options::default() });
        let first = answer.largest.iter().find(|function| function.index == 0).unwrap();
        assert_eq!(first.retained, Some(answer.functions.size));
    }
}
