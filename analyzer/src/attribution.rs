//! Attribution: the crate that defines a function, as far as its name tells. Symbol -> crate.
//!
//! Code is charged to the crate in which its source stands: generic code to the crate that defines it, not to the
//! one that instantiates it; a method in an `impl` to the crate of the `impl`. The rules:
//! - `path::to::f` belongs to the crate `path`.
//! - v0 mangling keeps where an `impl` stands, so `<T as Trait>::f` belongs to that crate; where there is no `impl`
//!   (a provided method of a trait), to the trait's crate.
//! - The other spellings keep only `<T as Trait>::f`. Rust's coherence rules demand that the `impl` is in the crate
//!   of the type or in that of the trait: it is charged to the type's, except that `core`, `alloc` and `std` cannot
//!   implement a trait that they do not know, so there the trait's crate gets it. A type without a path (`u8`, `&T`,
//!   `[T]`, a type parameter) leaves the trait's crate; `<[T]>::f` leaves none.
//! - A name with an argument list outside of `<…>` is C++, and a name without `::` is C or Go: no crate.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::demangle::{MAX_MANGLED, mangled, print};

/// How much of a demangled name is looked at: the type in `<T as Trait>` can be far longer than what is shown.
const MAX_PRINTED: usize = 1024;

/// What an `impl` without a path of its own begins with.
const IMPL: &str = "impl ";

/// The rank of a crate that is not of the standard library.
const FOREIGN: u8 = 3;

/// How deep `<<A as B>::C as D>::f` may nest.
const DEPTH: u32 = 8;

/// Tells crates, and remembers what it has told: most symbols of a large module begin with the same few thousand
/// `<T as Trait>`.
#[derive(Default)]
pub struct Crates<'a> {
    by_first_segment: HashMap<&'a str, Option<Cow<'a, str>>>,
}

impl<'a> Crates<'a> {
    /// The crate that defines the function called `symbol`, or `None` where its name does not tell.
    pub fn of(&mut self, symbol: &'a str) -> Option<Cow<'a, str>> {
        let Some((length, path)) = legacy(symbol) else { return crate_of(symbol) };
        match path.get(..length) {
            Some(segment) if is_crate(segment) => Some(Cow::Borrowed(segment)),
            Some(segment) => self.by_first_segment.entry(segment).or_insert_with(|| crate_of(symbol)).clone(),
            None => None,
        }
    }
}

/// The crate that defines the function called `symbol`, or `None` where its name does not tell.
pub fn crate_of(symbol: &str) -> Option<Cow<'_, str>> {
    let owned = |name: &str| Cow::Owned(name.to_owned());
    // Every function of a module comes through here: what a v0 symbol says up front needs no demangling.
    if let Some(name) = symbol.strip_prefix("_R").and_then(v0_root) {
        return Some(Cow::Borrowed(name));
    }
    let Some(demangled) = mangled(symbol) else {
        return of_text(symbol).map(Cow::Borrowed);
    };
    let text = || print(&demangled, MAX_PRINTED);
    match symbol.trim_start_matches('_').strip_prefix("ZN") {
        Some(path) => legacy_root(path).map(Cow::Borrowed).or_else(|| of_path(&text(), DEPTH).map(owned)),
        None => of_provided_method(&text()).map(owned),
    }
}

/// The first segment's length and what follows the number, of a symbol that is surely in the legacy mangling: C++ has
/// its form, but no hash at the end.
fn legacy(symbol: &str) -> Option<(usize, &str)> {
    let hash = symbol.strip_suffix('E')?.as_bytes().last_chunk::<19>()?;
    let is_hash = hash.starts_with(b"17h") && hash[3..].iter().all(u8::is_ascii_hexdigit);
    if is_hash && symbol.len() <= MAX_MANGLED { decimal(symbol.strip_prefix("_ZN")?) } else { None }
}

/// `4core3fmt5write…` -> `core`. A first segment such as `_$LT$T$u20$as…` is no crate: there the printed name tells.
fn legacy_root(path: &str) -> Option<&str> {
    let (length, bytes) = decimal(path)?;
    bytes.get(..length).filter(|name| is_crate(name))
}

/// Follows the leftmost path of a v0 symbol (the part after `_R`) to its crate root. See "v0 Symbol Format" in the
/// rustc book. `None` where the name has no such root: `<T as Trait>` without an `impl`, or punycode.
fn v0_root(symbol: &str) -> Option<&str> {
    v0_root_from(symbol, symbol)
}

/// The same for the path that begins with `rest`, a part of `symbol` to which back-references lead.
pub fn v0_root_from<'a>(symbol: &'a str, rest: &'a str) -> Option<&'a str> {
    let mut rest = rest;
    // Each step reads at least one byte, but a back-reference may go back: bound the steps instead.
    for _ in 0..symbol.len() {
        let tag = rest.bytes().next()?;
        rest = rest.get(1..)?;
        match tag {
            b'C' => {
                let (length, bytes) = decimal(disambiguator(rest)?)?;
                let bytes = bytes.strip_prefix('_').unwrap_or(bytes);
                return bytes.get(..length).filter(|name| is_crate(name));
            }
            b'N' => rest = rest.get(1..)?,
            b'I' => {}
            b'M' | b'X' => rest = disambiguator(rest)?,
            b'B' => rest = symbol.get(base_62(rest)?..)?,
            _ => return None,
        }
    }
    None
}

/// Skips an optional `s<base-62>_`.
fn disambiguator(rest: &str) -> Option<&str> {
    match rest.strip_prefix('s') {
        Some(number) => Some(number.split_once('_')?.1),
        None => Some(rest),
    }
}

/// The base-62 number at the start of `text`: `_` is 0, `0_` is 1, and so on.
fn base_62(text: &str) -> Option<usize> {
    let (digits, _) = text.split_once('_')?;
    if digits.is_empty() {
        return Some(0);
    }
    let value = digits.bytes().try_fold(0usize, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            _ => return None,
        };
        value.checked_mul(62)?.checked_add(usize::from(digit))
    })?;
    value.checked_add(1)
}

/// The number that `text` begins with, and what follows it.
fn decimal(text: &str) -> Option<(usize, &str)> {
    let (digits, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    Some((digits.parse().ok()?, rest))
}

/// A v0 name without an `impl` of its own: `<T as Trait>::f` is what the trait provides.
fn of_provided_method(name: &str) -> Option<&str> {
    match name.strip_prefix('<') {
        Some(qualified) => of_path(type_and_trait(qualified)?.1?, DEPTH),
        None => of_path(name, DEPTH),
    }
}

/// A name that is in no mangling that we know.
fn of_text(name: &str) -> Option<&str> {
    if !is_surely_rust(name) && is_cpp(name) { None } else { of_path(name, DEPTH) }
}

/// `<T>::f` and `crate[disambiguator]::f`: looking for C++ in every name of a module would take longer than its crate.
fn is_surely_rust(name: &str) -> bool {
    let after_identifier = name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let bracketed = after_identifier.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    name.starts_with('<') || bracketed.is_some_and(|(hex, _)| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether an argument list stands outside of `<…>` and `{…}`, as in `std::terminate()`, or an operator is named.
fn is_cpp(name: &str) -> bool {
    let operator = |rest: &str| rest.starts_with(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    has_arguments(name) || name.split("operator").skip(1).any(operator)
}

fn has_arguments(name: &str) -> bool {
    let mut rest = name;
    while let Some(open) = rest.find(['<', '(', '[', '{']) {
        let inside = &rest[open + 1..];
        if rest.as_bytes()[open] == b'(' {
            return true;
        }
        let Some(close) = closing(inside, |_| {}) else { return false };
        rest = &inside[close + 1..];
    }
    false
}

/// The crate of a path that nests at most `depth` times.
fn of_path(path: &str, depth: u32) -> Option<&str> {
    let Some(qualified) = path.strip_prefix('<') else {
        let name = &path[..path.find(|c: char| !(c.is_alphanumeric() || c == '_'))?];
        let rest = &path[name.len()..];
        // A disambiguator may stand between the crate and its path.
        let rest = if rest.starts_with('[') { &rest[rest.find(']')? + 1..] } else { rest };
        return (is_crate(name) && rest.starts_with("::")).then_some(name);
    };
    let depth = depth.checked_sub(1)?;
    // How a type begins tells its crate; where its end is matters to the trait alone.
    let starts_with_type = !qualified.starts_with(IMPL);
    let of_type = starts_with_type.then(|| of_path(without_pointers(qualified), depth)).flatten();
    if of_type.is_some_and(|name| rank(name) == FOREIGN) {
        return of_type;
    }
    let (ty, of_trait) = type_and_trait(qualified)?;
    let of_type = if starts_with_type { of_type } else { of_path(without_pointers(ty), depth) };
    let of_trait = of_trait.and_then(|path| of_path(path, depth));
    match (of_type, of_trait) {
        (Some(of_type), Some(of_trait)) if rank(of_type) < rank(of_trait) => Some(of_trait),
        (of_type, of_trait) => of_type.or(of_trait),
    }
}

/// `T as Trait>…` or `impl Trait for T>…` -> the type and the trait; `None` where the bracket does not close.
fn type_and_trait(qualified: &str) -> Option<(&str, Option<&str>)> {
    let (text, word) = match qualified.strip_prefix(IMPL) {
        Some(text) => (text, " for "),
        None => (qualified, " as "),
    };
    let mut border = None;
    let end = closing(text, |at| {
        if border.is_none() && text.as_bytes()[at..].starts_with(word.as_bytes()) {
            border = Some(at);
        }
    })?;
    Some(match border {
        None => (&text[..end], None),
        Some(at) if word == " for " => (&text[at + word.len()..end], Some(&text[..at])),
        Some(at) => (&text[..at], Some(&text[at + word.len()..end])),
    })
}

/// The standard library's crates in the order in which they know each other; all others know these three.
fn rank(name: &str) -> u8 {
    match name {
        "core" => 0,
        "alloc" => 1,
        "std" => 2,
        _ => FOREIGN,
    }
}

/// `&'a mut dyn app::T` -> `app::T`
fn without_pointers(ty: &str) -> &str {
    let mut ty = ty;
    loop {
        let mut shorter = ty.trim_start_matches(['&', '*', ' ']);
        for word in ["mut ", "const ", "dyn "] {
            shorter = shorter.strip_prefix(word).unwrap_or(shorter);
        }
        if shorter.starts_with('\'') {
            shorter = shorter.split_once(' ').map_or("", |(_, rest)| rest);
        }
        if shorter.len() == ty.len() {
            return ty;
        }
        ty = shorter;
    }
}

fn is_crate(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Where the bracket closes that was opened just before `text`. Tells of each space that stands in no other bracket. The
/// `>` of `->` closes nothing.
fn closing(text: &str, mut space: impl FnMut(usize)) -> Option<usize> {
    let mut depth = 1u32;
    let mut previous = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b' ' if depth == 1 => space(at),
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            b'>' | b')' | b']' | b'}' if byte != b'>' || previous != b'-' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        previous = byte;
    }
    None
}
