//! Demangling: a symbol as a person reads it, at a bounded cost. Symbol -> name.
//!
//! Rust names come in four spellings: mangled (legacy `_ZN…17h<hash>E`, v0 `_R…`) and already demangled by
//! wasm-bindgen (`path::h<hash>`, `crate[disambiguator]::path`). Hashes and disambiguators are dropped, so that
//! the same function has the same name in two builds. What wasm-bindgen adds to the symbol of an adapter stays behind the
//! name. Everything else (C, C++, Go) is left as it is.

use std::borrow::Cow;
use std::fmt::{self, Write};

use rustc_demangle::{Demangle, try_demangle};

use crate::names::{MAX_NAME, capped};

/// Longer symbols are cut; they are plain text.
const MAX_SYMBOL: usize = 8 * 1024;

/// Longer symbols are not demangled. A hundred bytes of v0 can print gigabytes: the bound on the output ends that.
/// This one bounds what is parsed over and over to print nothing (the path of an `impl` behind a back-reference).
/// The longest of 36,000 symbols in a real module has 1,190 bytes.
pub const MAX_MANGLED: usize = 1536;

/// How many bytes may be parsed again for back-references: of 20,000 symbols of a compiler, none needs more than 11,000.
const MAX_REPARSED: usize = 64 * 1024;

/// What wasm-bindgen appends to the name of a function, for the one that it puts before it.
const SHIMS: [&str; 2] = [" externref shim", " multivalue shim"];

/// A symbol as text: cut at [`MAX_SYMBOL`], what is no UTF-8 replaced.
pub fn symbol(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = &bytes[..bytes.len().min(MAX_SYMBOL)];
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Whether rustc_demangle knows the mangling; it refuses C++ symbols.
pub fn mangled(symbol: &str) -> Option<Demangle<'_>> {
    let bare = symbol.trim_start_matches('_');
    // rustc_demangle looks through the whole symbol for what LLVM appends before it looks at its first letters.
    let may_be = bare.starts_with("ZN") || bare.starts_with('R');
    (may_be && symbol.len() <= MAX_MANGLED && reparsed(symbol) <= MAX_REPARSED)
        .then(|| try_demangle(symbol).ok())
        .flatten()
}

/// At most so many bytes are parsed again: each back-reference of the v0 mangling may lead to all that stands before it.
fn reparsed(symbol: &str) -> usize {
    let is_v0 = symbol.trim_start_matches('_').starts_with('R');
    if is_v0 { symbol.len() * symbol.bytes().filter(|byte| *byte == b'B').count() } else { 0 }
}

/// The symbol itself, and what wasm-bindgen appended to it.
pub fn split_shims(symbol: &str) -> (&str, &str) {
    let mut bare = symbol;
    while let Some(shorter) = SHIMS.iter().find_map(|shim| bare.strip_suffix(shim)) {
        bare = shorter;
    }
    symbol.split_at(bare.len())
}

/// The name without hash and disambiguators, at most [`MAX_NAME`] bytes.
pub fn name(symbol: &str) -> Cow<'_, str> {
    match split_shims(symbol) {
        (symbol, "") => bare_name(symbol),
        (symbol, shims) => capped(&format!("{}{shims}", bare_name(symbol))).into_owned().into(),
    }
}

fn bare_name(symbol: &str) -> Cow<'_, str> {
    match mangled(symbol) {
        Some(demangled) => capped(&print(&demangled, MAX_NAME)).into_owned().into(),
        None => {
            let (path, suffix) = split_hash(symbol);
            match without_disambiguators(path) {
                Cow::Borrowed(name) if suffix.is_empty() => capped(name),
                name => capped(&(name.into_owned() + suffix)).into_owned().into(),
            }
        }
    }
}

/// The demangled text without hash and disambiguators, cut soon after `limit` bytes.
pub fn print(demangled: &Demangle<'_>, limit: usize) -> String {
    let mut text = Bounded { text: String::new(), limit };
    // The only error is that of `Bounded`, and what it took until then is what is wanted.
    let _ = write!(text, "{demangled:#}");
    text.text
}

/// A writer that refuses to go on once it holds more than `limit` bytes.
struct Bounded {
    text: String,
    limit: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.text.push_str(piece);
        if self.text.len() > self.limit { Err(fmt::Error) } else { Ok(()) }
    }
}

/// The length of `::h0123456789abcdef`.
const HASH: usize = 19;

/// What is before and after the hash: `core::fmt::write::h0123456789abcdef.1` -> `core::fmt::write`, `.1`. The latter is
/// LLVM's, where it copied a function.
fn split_hash(name: &str) -> (&str, &str) {
    let hash = || {
        let at_end = name.len().checked_sub(HASH)?;
        let at = match name.as_bytes()[at_end..].starts_with(b"::h") {
            true => at_end,
            // Only LLVM's suffix may follow, which begins with a dot.
            false => name.contains('.').then(|| name.rfind("::h")).flatten()?,
        };
        let (hash, suffix) = name[at + 3..].split_at_checked(16)?;
        (is_hex(hash) && (suffix.is_empty() || is_llvm(suffix))).then_some((&name[..at], suffix))
    };
    hash().unwrap_or((name, ""))
}

/// As rustc_demangle keeps it behind a symbol that it demangles.
fn is_llvm(suffix: &str) -> bool {
    suffix.starts_with('.') && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte.is_ascii_punctuation())
}

/// `<app[1f]::A as core[2e]::B>::f` -> `<app::A as core::B>::f`
fn without_disambiguators(name: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    // What follows the last disambiguator, and where the next may be.
    let (mut rest, mut at) = (name, 0);
    while let Some(open) = rest.as_bytes()[at..].iter().position(|byte| *byte == b'[') {
        at += open;
        match disambiguator(rest, at) {
            Some(end) => {
                kept.reserve(name.len());
                kept.push_str(&rest[..at]);
                (rest, at) = (&rest[end..], 0);
            }
            None => at += 1,
        }
    }
    if kept.is_empty() {
        return Cow::Borrowed(name);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Where the `[hex]` ends that opens at `open`, if it follows an identifier and precedes `::`; an array type follows
/// no identifier.
fn disambiguator(name: &str, open: usize) -> Option<usize> {
    let (before, inside) = (&name[..open], &name[open + 1..]);
    let close = inside.bytes().take(17).position(|byte| byte == b']')?;
    let follows_identifier = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let is_one = follows_identifier && is_hex(&inside[..close]) && inside[close + 1..].starts_with("::");
    is_one.then_some(open + 1 + close + 1)
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
