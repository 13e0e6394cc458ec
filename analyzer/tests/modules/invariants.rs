//! Invariants: what holds of every answer, whatever the bytes are. (bytes, answer) -> nothing, or a panic.

use analyzer::answer::{Answer, Function, Layout};
use analyzer::diff::diff;
use analyzer::fingerprint::SMALLEST;
use analyzer::function_list::FunctionList;
use analyzer::options::Options;
use analyzer::why::{Matched, Why};

/// As in `src/names.rs`.
const MAX_NAME: usize = 1024;

/// Reads `wasm` for all its functions and checks the answer.
pub fn read_all(wasm: &[u8]) -> Answer<'_> {
    let answer = analyzer::analyze(wasm, &Options { functions: None, ..Options::default() });
    check(wasm, &answer);
    functions_add_up(&answer);
    answer
}

/// Reads any bytes, with and without a check of the bodies, and asks why the largest function is there.
pub fn analyze_any(wasm: &[u8]) -> Answer<'_> {
    let checked = read_all(wasm);
    let options = Options { functions: Some(2), entries: Some(1), check_bodies: false, ..Options::default() };
    let unchecked = analyzer::analyze(wasm, &options);
    assert!(unchecked.error.is_none() || checked.error.is_some(), "a check of the bodies finds no less");
    assert_eq!(unchecked.functions.size, checked.functions.size, "a check of the bodies changes no size");
    if let Some(function) = checked.largest.first() {
        check_why(&analyzer::why(wasm, &function.name), &function.name);
    }
    checked
}

/// Two modules in one piece: the length of the first (`u32`, little-endian), the first, and the second.
pub fn pair(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<4>() else { return (data, &[]) };
    rest.split_at((u32::from_le_bytes(*length) as usize).min(rest.len()))
}

/// What holds however many functions the answer lists.
pub fn check(wasm: &[u8], answer: &Answer<'_>) {
    sections_are_the_file(wasm, answer);
    an_error_names_its_place(wasm, answer);
    names_are_short(answer);
    let (functions, garbage) = (&answer.functions, &answer.garbage);
    assert!(functions.named <= functions.count && functions.size <= wasm.len() as u64, "{functions:?}");
    assert!(answer.data.size <= wasm.len() as u64, "{:?}", answer.data);
    assert!(garbage.size <= functions.size, "{garbage:?} of {functions:?}");
    assert_eq!(answer.crates.iter().map(|group| group.size).sum::<u64>(), functions.size, "the crates are the code");
    let ordered = |pair: &[Function<'_>]| (pair[1].size, pair[0].index) <= (pair[0].size, pair[1].index);
    assert!(answer.largest.windows(2).all(ordered), "largest first, equal ones by index");
    for function in &answer.largest {
        assert!(function.retained.is_none_or(|retained| retained >= u64::from(function.size)), "{function:?}");
        assert_eq!(function.fingerprint.is_none(), function.size <= SMALLEST, "{function:?}");
    }
}

/// What holds of an explanation of something that is there.
pub fn check_why(why: &Why<'_>, name: &str) {
    assert!(why.functions > 0 && why.unreached <= why.size, "{why:?}");
    for path in &why.paths {
        let last = path.steps.last().expect("a path leads somewhere");
        assert!(last.only, "every path to a function leads through it");
        assert!(why.matched_by == Matched::Crate || last.name.contains(name), "{name}: {last:?}");
        let needed: Vec<_> = path.steps.iter().filter(|step| step.only).map(|step| step.retained).collect();
        assert!(needed.is_sorted_by(|above, below| above >= below), "what retains more stands above: {path:?}");
    }
}

/// Compares two modules both ways and checks that every byte is told once.
pub fn diff_both(base: &[u8], head: &[u8]) {
    let list = |wasm| analyzer::analyze(wasm, &Options { list: true, check_bodies: false, ..Options::default() }).list;
    let (base, head) = (list(base), list(head));
    let (base, head) = (FunctionList::read(&base), FunctionList::read(&head));
    let (base, head) = (base.expect("what is written can be read"), head.expect("what is written can be read"));
    let (there, back) = (diff(&base, &head, true), diff(&head, &base, true));
    if base.is_complete() && head.is_complete() {
        assert_eq!(there.functions.iter().filter_map(|delta| delta.before).sum::<u64>(), base.size());
        assert_eq!(there.functions.iter().filter_map(|delta| delta.after).sum::<u64>(), head.size());
    }
    assert!(there.matched <= base.size().min(head.size()), "{there:?}");
    assert_eq!((there.matched, there.functions.len()), (back.matched, back.functions.len()), "the same both ways");
    assert!(diff(&base, &base, false).functions.is_empty(), "a module is all itself");
}

fn sections_are_the_file(wasm: &[u8], answer: &Answer<'_>) {
    let end = answer.sections.iter().fold(0, |end, section| {
        assert_eq!(section.offset, end, "no gap before {section:?}");
        end + section.size
    });
    assert_eq!((end, answer.size), (wasm.len(), wasm.len()), "the sections are the file");
}

fn an_error_names_its_place(wasm: &[u8], answer: &Answer<'_>) {
    let is_unreadable = answer.sections.iter().any(|section| section.name == "unreadable");
    match &answer.error {
        None => assert!(!is_unreadable && answer.layout != Layout::Unknown, "an end without an error"),
        Some(error) => {
            assert!(error.offset <= wasm.len() as u64, "{error:?} in {} bytes", wasm.len());
            assert!(!error.message.is_empty(), "{error:?}");
            assert_eq!(error.section.is_none(), answer.layout == Layout::Unknown, "{error:?}");
        }
    }
}

fn names_are_short(answer: &Answer<'_>) {
    let imports = answer.imports.iter().flat_map(|import| [&import.module, &import.name]);
    let functions =
        answer.largest.iter().flat_map(|each| [Some(&each.name), each.symbol.as_ref(), each.krate.as_ref()]);
    let names = imports
        .chain(answer.exports.iter().map(|export| &export.name))
        .chain(functions.flatten())
        .chain(answer.crates.iter().filter_map(|group| group.name.as_ref()));
    for name in names {
        assert!(name.len() <= MAX_NAME, "{} bytes: {name}", name.len());
    }
}

fn functions_add_up(answer: &Answer<'_>) {
    let sum = |unreached: bool| -> u64 {
        let some = answer.largest.iter().filter(|each| !unreached || each.retained.is_none());
        some.map(|each| u64::from(each.size)).sum()
    };
    let unreached = answer.largest.iter().filter(|each| each.retained.is_none()).count();
    assert_eq!((unreached, sum(true)), (answer.garbage.functions, answer.garbage.size), "what is garbage");
    assert_eq!(sum(false), answer.functions.size, "the functions are the code");
    let bodies: usize = answer.crates.iter().map(|group| group.functions).sum();
    assert_eq!(bodies, answer.largest.len(), "every body has its crate");
    assert!(answer.error.is_some() || bodies == answer.functions.count, "every function has its body");
    let reached = answer.functions.size - answer.garbage.size;
    assert!(answer.largest.iter().all(|each| each.retained.is_none_or(|retained| retained <= reached)));
}
