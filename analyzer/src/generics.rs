//! Generics: who instantiated a generic function, and what its instances weigh together. Symbols -> users, groups.
//!
//! Generic code is charged to the crate that defines it. Who instantiated it is told by some names: v0 symbols end in
//! the instantiating crate (rustc book, "v0 Symbol Format", `instantiating-crate`); the other spellings only mention
//! the types that were put in. Where all of them, but for the definer's and the standard library's, come from one
//! crate, that is the user; where they come from several, the name does not tell.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use crate::answer::Monomorphization;
use crate::attribution::v0_root_from;
use crate::demangle::MAX_MANGLED;

/// How much of a symbol is looked at.
const MAX_LOOKED_AT: usize = 1024;

/// The crate that instantiated the function called `symbol`, which `definer` defines; `None` where it is that itself,
/// where the function is not generic, and where its name does not tell.
pub fn user_of<'a>(symbol: &'a str, definer: Option<&str>) -> Option<&'a str> {
    let definer = definer?;
    if let Some(v0) = symbol.strip_prefix("_R") {
        return instantiating_crate(v0).filter(|name| *name != definer && !is_standard(name));
    }
    let symbol = symbol.get(..MAX_LOOKED_AT).unwrap_or(symbol);
    // `$LT$` is how the legacy mangling writes `<`, and `..` is its `::`.
    if symbol.starts_with("_ZN") {
        only(mentions(symbol, *b"..", b'$', "as$u20$", "impl$u20$"), definer)
    } else {
        only(mentions(symbol, *b"::", b'\0', " as ", "impl "), definer)
    }
}

fn is_standard(name: &str) -> bool {
    matches!(name, "core" | "alloc" | "std")
}

/// What stands behind the `E` that ends the list of type arguments: a crate root, or a reference to one.
fn instantiating_crate(v0: &str) -> Option<&str> {
    let end = v0.rfind('.').map_or(v0, |suffix| &v0[..suffix]);
    if end.len() > MAX_MANGLED {
        return None;
    }
    let mut starts = end.match_indices('E').map(|(at, _)| &end[at + 1..]);
    // The text behind an earlier `E` goes on after the root that it begins with.
    let tail = starts.rfind(|tail| tail.starts_with(['C', 'B']) && is_root(tail))?;
    v0_root_from(v0, tail)
}

/// Whether `tail` is a crate root or a back-reference, and nothing more.
fn is_root(tail: &str) -> bool {
    match tail.strip_prefix('B') {
        Some(number) => {
            number.strip_suffix('_').is_some_and(|digits| digits.bytes().all(|c| c.is_ascii_alphanumeric()))
        }
        None => v0_root_from(tail, tail).is_some_and(|name| tail.ends_with(name)),
    }
}

/// The one crate that is mentioned beside the definer and the standard library.
fn only<'t>(mentions: impl Iterator<Item = &'t str>, definer: &str) -> Option<&'t str> {
    let mut only = None;
    for name in mentions.filter(|name| *name != definer && !is_standard(name)) {
        if only.is_some_and(|other| other != name) {
            return None;
        }
        only = Some(name);
    }
    only
}

/// The crates with which paths in `text` begin, but for the traits in `<T as Trait>` and `impl Trait for T`. A path is
/// taken apart by `separator`; its head stands behind `before`, or behind anything that is no part of a path for 0.
fn mentions<'t>(
    text: &'t str,
    separator: [u8; 2],
    before: u8,
    of_type: &'static str,
    of_trait: &'static str,
) -> impl Iterator<Item = &'t str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += bytes[at..].iter().position(|byte| *byte == separator[0])? + 1;
            if bytes.get(at) != Some(&separator[1]) {
                continue;
            }
            let name = name_before(text, at - 1);
            let head = &text[..name.start];
            let is_head = match head.as_bytes().last() {
                Some(byte) if before == 0 => *byte != separator[1],
                Some(byte) => *byte == before,
                None => before == 0,
            };
            let name = &text[name];
            at += 1;
            if is_head
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && !head.ends_with(of_type)
                && !head.ends_with(of_trait)
            {
                return Some(name);
            }
        }
    })
}

/// The identifier that ends at `end`, without the disambiguator that may stand between a crate and its path.
fn name_before(text: &str, end: usize) -> Range<usize> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let end = match text[..end].strip_suffix(']').and_then(|head| head.rfind('[')) {
        Some(open) => open,
        None => end,
    };
    let length = text.as_bytes()[..end].iter().rev().take_while(|byte| is_part(byte)).count();
    end - length..end
}

/// `core::ptr::drop_in_place<app::A>` and `<alloc::vec::Vec<app::A>>::push::<B>` without the arguments: the leading
/// `<T as Trait>` stays, what follows a name goes.
pub fn without_arguments(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut depth = 0u32;
    let mut previous = '\0';
    for c in name.chars() {
        let opens = c == '<' && (previous.is_alphanumeric() || matches!(previous, '_' | ':' | '}'));
        match c {
            '<' if depth > 0 || opens => {
                depth += 1;
                if depth == 1 && kept.ends_with("::") {
                    kept.truncate(kept.len() - 2);
                }
            }
            '>' if depth > 0 && previous != '-' => depth -= 1,
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
        previous = c;
    }
    kept
}

/// Groups functions by their names without arguments; gives those with several, the most that one copy less could
/// save first, at most `limit`. `functions` are names and sizes.
pub fn monomorphizations<'a>(
    functions: impl Iterator<Item = (Cow<'a, str>, u32)>,
    limit: Option<usize>,
) -> Vec<Monomorphization> {
    let mut groups: HashMap<String, Monomorphization> = HashMap::new();
    for (name, size) in functions {
        let name = without_arguments(&name);
        let group = groups.entry(name).or_default();
        group.functions += 1;
        group.size += u64::from(size);
        group.largest = group.largest.max(size);
    }
    let several = groups.into_iter().filter(|(_, group)| group.functions > 1);
    let mut groups: Vec<_> = several.map(|(name, group)| Monomorphization { name, ..group }).collect();
    groups.sort_by(|one, other| other.copies().cmp(&one.copies()).then_with(|| one.name.cmp(&other.name)));
    groups.truncate(limit.unwrap_or(usize::MAX));
    groups
}
