//! Bytes that want to hurt: broken, huge, deep. Every answer's sections add up to the file (`read` checks that).

mod modules;

use std::time::{Duration, Instant};

use analyzer::answer::Layout;
use modules::{functions, module, read, section, wat};

#[test]
fn what_is_no_module_at_all() {
    for (bytes, layout) in [
        (b"".as_slice(), Layout::Unknown),
        (b"\0", Layout::Unknown),
        (b"(module)", Layout::Unknown),
        (b"\x7fELF and so on", Layout::Unknown),
        (b"\0asm", Layout::Unknown),
        (b"\0asm\x02\0\0\0", Layout::Unknown),
        (b"\0asm\x01\0\0\0", Layout::Core),
        (b"\0asm\x0d\0\x01\0", Layout::Component),
    ] {
        let answer = read(bytes);
        assert_eq!(answer.layout, layout, "{bytes:?}");
        assert_eq!(answer.error.is_some(), layout == Layout::Unknown, "{bytes:?}");
    }
    let answer = read(b"(module)");
    assert_eq!(answer.sections.len(), 1);
    assert_eq!(answer.sections[0].name, "unreadable");
    assert!(answer.error.is_some_and(|error| error.offset == 0 && error.section.is_none()));
    assert!(read(b"").sections.is_empty());
}

#[test]
fn errors_name_their_place() {
    let types = section(1, b"\x01\x60\0\0");
    let ends_early = module(&[types.clone(), section(3, b"\x01\0"), vec![10, 50, 1, 2, 0, 0x0b]]);
    let table: [(Vec<u8>, &str, &str, u64); 7] = [
        (module(&[section(1, b"\x01\x5a\0\0")]), "type", "invalid leading byte", 11),
        (module(&[types.clone(), section(3, b"\x01\x07")]), "function", "unknown type 7", 17),
        (functions(&[b"\0\x41\0\x0b"], &[]), "code", "type mismatch", 25),
        (functions(&[b"\0\xff\x0b"], &[]), "code", "illegal opcode", 23),
        (ends_early, "code", "trailing bytes", 24),
        (module(&[section(3, b"\0"), types.clone()]), "type", "section out of order", 13),
        (module(&[types, vec![2, 200]]), "import", "unexpected end-of-file", 16),
    ];
    for (wasm, section, message, offset) in table {
        let error = read(&wasm).error.unwrap_or_else(|| panic!("{message}: no error"));
        let place = (error.section.as_deref(), error.offset);
        assert!(error.message.contains(message), "{message}: {error:?}");
        assert_eq!(place, (Some(section), offset), "{error:?}");
    }
}

#[test]
fn an_unknown_section_is_listed_and_refused() {
    let wasm = module(&[section(99, b"abc"), section(1, b"\x01\x60\0\0")]);
    let answer = read(&wasm);
    let names: Vec<&str> = answer.sections.iter().map(|section| &*section.name).collect();
    assert_eq!(names, ["preamble", "unknown.99", "type"]);
    assert!(answer.error.is_some_and(|error| error.section.as_deref() == Some("unknown.99")));
}

#[test]
fn what_stands_before_an_error_is_given() {
    let whole = wat("entities");
    let cut = &whole[..whole.len() - 120];
    let answer = read(cut);
    assert!(answer.error.is_some());
    assert_eq!((answer.imports.len(), answer.memories.len(), answer.tables.len()), (5, 3, 3));
    // A body that does not type-check still has its size, and so has the one after it.
    let wasm = functions(&[b"\0\x41\0\x0b", b"\0\x0b"], &[]);
    assert_eq!((read(&wasm).functions.count, read(&wasm).functions.size), (2, 8));
}

#[test]
fn bodies_are_checked_only_when_asked() {
    let options = analyzer::options::Options { check_bodies: false, ..Default::default() };
    let ill_typed = functions(&[b"\0\x41\0\x0b"], &[]);
    assert!(analyzer::analyze(&ill_typed, &options).error.is_none());
    let undecodable = functions(&[b"\0\xff\x0b"], &[]);
    assert!(analyzer::analyze(&undecodable, &options).error.is_some());
    let untyped = module(&[section(3, b"\x01\x07")]);
    assert!(analyzer::analyze(&untyped, &options).error.is_some());
}

#[test]
fn every_truncation_of_every_readable_module() {
    for name in modules::WAT {
        let whole = wat(name);
        for length in 0..whole.len() {
            let answer = read(&whole[..length]);
            let at_a_border = answer.error.is_none();
            let is_border = read(&whole).sections.iter().any(|section| section.offset == length);
            assert!(!at_a_border || is_border, "{name} cut at {length} passes for a module");
        }
    }
}

/// A small generator of numbers, so that a failure can be repeated.
fn random(seed: &mut u64) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    (*seed >> 11) as usize
}

#[test]
fn thousands_of_mutations() {
    let mut seed = 0x2545_f491_4f6c_dd1d;
    for name in modules::WAT {
        let whole = wat(name);
        for _ in 0..2000 {
            let mut wasm = whole.clone();
            for _ in 0..=random(&mut seed) % 4 {
                let at = random(&mut seed) % wasm.len();
                match random(&mut seed) % 4 {
                    0 => wasm[at] ^= 1 << (random(&mut seed) % 8),
                    1 => wasm[at] = [0, 0x7f, 0x80, 0xff][random(&mut seed) % 4],
                    2 => drop(wasm.drain(at..(at + 1 + random(&mut seed) % 8).min(wasm.len()))),
                    _ => wasm.insert(at, random(&mut seed) as u8),
                }
                if wasm.is_empty() {
                    break;
                }
            }
            read(&wasm).to_json();
        }
    }
}

fn quick(wasm: &[u8]) -> analyzer::answer::Answer<'_> {
    let start = Instant::now();
    let answer = read(wasm);
    answer.to_json();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    answer
}

#[test]
fn a_million_empty_functions() {
    let wasm = functions(&vec![b"\0\x0b".as_slice(); 1_000_000], &[]);
    let answer = quick(&wasm);
    assert!(answer.error.is_none(), "{:?}", answer.error);
    assert_eq!((answer.functions.count, answer.functions.size), (1_000_000, 3_000_000));
    assert_eq!(answer.largest.len(), 50);
}

#[test]
fn deep_nesting() {
    // 300,000 blocks, one in the other.
    let depth = 300_000;
    let body = [b"\0".as_slice(), &b"\x02\x40".repeat(depth), &b"\x0b".repeat(depth + 1)].concat();
    assert!(quick(&functions(&[&body], &[])).error.is_none());
}

#[test]
fn a_hundred_thousand_groups_of_locals() {
    let groups = [modules::leb(100_000), b"\x01\x7f".repeat(100_000), vec![0x0b]].concat();
    let wasm = functions(&[&groups], &[]);
    let error = quick(&wasm).error.map(|error| error.message).unwrap_or_default();
    assert!(error.contains("too many locals"), "{error}");
    let one_huge_group = [modules::leb(1), modules::leb(u32::MAX as usize), vec![0x7f, 0x0b]].concat();
    assert!(quick(&functions(&[&one_huge_group], &[])).error.is_some());
}

#[test]
fn counts_that_promise_too_much() {
    for id in (1..=13).filter(|id| *id != 8) {
        let wasm = module(&[section(id, &modules::leb(u32::MAX as usize))]);
        assert!(quick(&wasm).error.is_some(), "section {id}");
    }
    let names = module(&[section(0, b"\x04name\x01\x05\xff\xff\xff\xff\x0f")]);
    assert!(quick(&names).error.is_none(), "a malformed name section is no error of the module");
}
