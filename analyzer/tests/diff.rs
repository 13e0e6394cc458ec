//! Comparing two builds: tables of (base, head, what became of each function), and lists that nobody wrote.

mod modules;

use analyzer::diff::{Delta, diff};
use analyzer::function_list::FunctionList;
use analyzer::{analyze, options::Options};
use modules::text;

/// The list of a module that holds one function for each of the letters and numbers: a name, and how large it is.
fn list(functions: &str) -> Vec<u8> {
    let body = |size: usize| "(drop (i32.const 1))".repeat(size);
    let function = |(name, size): (&str, &str)| {
        // Its code tells the letter behind the dot: the same letter is the same code.
        let (name, code) = name.split_once('.').unwrap_or((name, name));
        let code = code.bytes().next().unwrap_or(0);
        format!("(func (export \"{name}\") (drop (i64.const {code})) {})", body(size.parse().unwrap_or(0)))
    };
    let functions: Vec<_> = functions.split(' ').filter_map(|word| word.rsplit_once(':')).map(function).collect();
    let wasm = text(&format!("(module {})", functions.concat()));
    analyze(&wasm, &Options { list: true, ..Options::default() }).list
}

/// `name before after was` for every function, `-` for nothing; sizes are those of the bodies.
fn compared(base: &str, head: &str, all: bool) -> String {
    let (base, head) = (list(base), list(head));
    let (base, head) = (FunctionList::read(&base).unwrap(), FunctionList::read(&head).unwrap());
    let number = |size: Option<u64>| size.map_or("-".to_owned(), |size| size.to_string());
    let line = |delta: &Delta<'_>| {
        format!("{} {} {} {}", delta.name, number(delta.before), number(delta.after), delta.renamed_from.unwrap_or("-"))
    };
    diff(&base, &head, all).functions.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_became_of_each_function() {
    for (base, head, expected) in [
        ("a:20", "a:20", ""),
        ("a:20", "a:21", "a 67 70 -"),
        ("a:20", "b:20", "b - 67 -, a 67 - -"),
        ("a.x:20", "b.x:20", "b 67 67 a"),
        // The name counts more than the code.
        ("a.x:20 b.y:30", "a.y:30 b.x:20", "a 67 97 -, b 97 67 -"),
        // Copied, not renamed: the name is still there.
        ("a.x:20", "a.x:20 b.x:20", "b - 67 -"),
        // A small body has no fingerprint: two of a size are no sign.
        ("a.x:2", "b.x:2", "b - 13 -, a 13 - -"),
        // wasm-bindgen numbers duplicates, in whatever order they come.
        ("a[1]:20 a[2]:30", "a:30 a[1]:21 a[13]:20", "a 164 234 -"),
        // Several with one code go by name, and what is left over is new.
        ("a.p:20 b.p:20", "x.p:20 y.p:20 z.p:20", "z - 67 -, x 67 67 a, y 67 67 b"),
        // The largest change comes first, whichever way it goes.
        ("a:20 b:20", "a:22 b:10", "b 67 37 -, a 67 73 -"),
        ("", "", ""),
    ] {
        let mut words: Vec<_> = expected.split(", ").collect();
        let found = compared(base, head, false);
        let mut lines: Vec<_> = found.split(", ").collect();
        words.sort_unstable();
        lines.sort_unstable();
        assert_eq!(lines, words, "{base} -> {head}: {found}");
    }
    assert_eq!(compared("a:20 b:20", "a:22 b:10", false), "b 67 37 -, a 67 73 -");
    assert_eq!(compared("a:20 b:20", "a:20 b:20", true), "a 67 67 -, b 67 67 -");
}

#[test]
fn every_byte_is_counted_once() {
    let (base, head) = (list("a:20 b.x:20 c:5 d[1]:9 d[2]:9"), list("a:25 e.x:20 f:7 d[1]:9"));
    let (base, head) = (FunctionList::read(&base).unwrap(), FunctionList::read(&head).unwrap());
    let told = diff(&base, &head, true);
    assert_eq!(told.functions.iter().filter_map(|delta| delta.before).sum::<u64>(), base.size());
    assert_eq!(told.functions.iter().filter_map(|delta| delta.after).sum::<u64>(), head.size());
    assert_eq!((told.base, told.head), (base.size(), head.size()));
    assert!(told.matched <= base.size().min(head.size()));
    let back = diff(&head, &base, true);
    assert_eq!((back.matched, back.functions.len()), (told.matched, told.functions.len()));
}

#[test]
fn of_a_list_that_was_cut_nothing_is_said_to_be_gone() {
    let (mut cut, whole) = (list("a:20"), list("a:20 b:30"));
    cut[0] = 2;
    let (cut, whole) = (FunctionList::read(&cut).unwrap(), FunctionList::read(&whole).unwrap());
    assert!(!cut.is_complete());
    assert!(diff(&cut, &whole, false).functions.is_empty());
    assert!(diff(&whole, &cut, false).functions.is_empty());
}

#[test]
fn what_is_no_list_is_refused() {
    let good = list("a:20");
    assert!(FunctionList::read(&good).is_some());
    for end in [0, 3, 5, good.len() - 1] {
        assert!(FunctionList::read(&good[..end]).is_none(), "{end}");
    }
    let mut no_text = good.clone();
    let last = no_text.len() - 1;
    no_text[last] = 0xff;
    assert!(FunctionList::read(&no_text).is_none());
}
