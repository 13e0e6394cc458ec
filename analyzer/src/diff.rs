//! Diff: which function of one build is which of another, and what became of it. Two lists -> Diff.
//!
//! Functions are matched by their name without the compiler's hash, duplicates grouped and summed, because a new
//! compiler or crate version renames every symbol without changing a byte of code. What is left on both sides is
//! matched by the fingerprints of its bodies: the same code under another name was renamed, which is no growth.
//! Everything is sorted and merged: who aims at the hash by which names are sorted only makes the sorting slower.

use std::cmp::Ordering;

use crate::fingerprint::Hash;
use crate::function_list::{FunctionList, Listed};
use crate::json::fields;

/// What became of the functions. All numbers are bytes.
#[derive(Debug)]
pub struct Diff<'a> {
    /// By absolute change, then by name.
    pub functions: Vec<Delta<'a>>,
    /// How much code has a counterpart; of a function that changed its size, the smaller size.
    pub matched: u64,
    /// The code that is listed on either side.
    pub base: u64,
    pub head: u64,
}

/// One group of functions on both sides; `None` where it does not exist, or cannot be told because a list was cut.
#[derive(Debug)]
pub struct Delta<'a> {
    pub name: &'a str,
    pub krate: Option<&'a str>,
    pub before: Option<u64>,
    pub after: Option<u64>,
    /// Its name on the base, where that was another.
    pub renamed_from: Option<&'a str>,
    /// What would go with it on the head, for a group of one function.
    pub retained: Option<u32>,
}

fields!(Diff<'_>: functions, matched, base, head);
fields!(Delta<'_>: name, krate as "crate", before, after, renamed_from, retained);

impl Delta<'_> {
    fn change(&self) -> u64 {
        self.after.unwrap_or(0).abs_diff(self.before.unwrap_or(0))
    }
}

/// Compares two lists. With `all`, functions that stayed as they are come too, at the end.
pub fn diff<'a>(base: &FunctionList<'a>, head: &FunctionList<'a>, all: bool) -> Diff<'a> {
    let (before, after) = (groups(base), groups(head));
    let mut fates = Fates { base, head, all, told: Vec::new(), matched: 0 };
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    merge(
        &before,
        &after,
        |one, other| one.hash.cmp(&other.hash).then_with(|| compare(one.key, other.key)),
        |pair| match pair {
            Pair::Both(before, after) => fates.kept(before, after),
            Pair::Left(before) => gone.push(*before),
            Pair::Right(after) => new.push(*after),
        },
    );
    let by_code = |one: &Group<'a>, other: &Group<'a>| one.code.cmp(&other.code);
    let by_code_and_name =
        |one: &Group<'a>, other: &Group<'a>| by_code(one, other).then_with(|| compare(one.key, other.key));
    gone.sort_by(by_code_and_name);
    new.sort_by(by_code_and_name);
    // Which of several with the same code is which does not matter to a size: they go by name.
    merge(&gone, &new, by_code, |pair| match pair {
        Pair::Both(before, after) if before.code.is_some() => fates.renamed(before, after),
        Pair::Both(before, after) => {
            fates.removed(before);
            fates.added(after);
        }
        Pair::Left(before) => fates.removed(before),
        Pair::Right(after) => fates.added(after),
    });
    let Fates { mut told, matched, .. } = fates;
    told.sort_by(|one, other| other.change().cmp(&one.change()).then_with(|| compare(one.name, other.name)));
    Diff { functions: told, matched, base: base.size(), head: head.size() }
}

/// What became of the groups that were looked at.
struct Fates<'l, 'a> {
    base: &'l FunctionList<'a>,
    head: &'l FunctionList<'a>,
    all: bool,
    told: Vec<Delta<'a>>,
    matched: u64,
}

impl<'a> Fates<'_, 'a> {
    fn kept(&mut self, before: &Group<'a>, after: &Group<'a>) {
        self.matched += before.size.min(after.size);
        // Most stayed as they are; what is not told is not made either.
        if self.all || before.size != after.size {
            self.told.push(Delta::of(Some(before), Some(after)));
        }
    }

    fn renamed(&mut self, before: &Group<'a>, after: &Group<'a>) {
        self.matched += before.size.min(after.size);
        self.told.push(Delta { renamed_from: Some(before.key), ..Delta::of(Some(before), Some(after)) });
    }

    /// A name that only one list has may be on the other side too, below the size at which its list was cut.
    fn removed(&mut self, before: &Group<'a>) {
        if self.head.is_complete() {
            self.told.push(Delta::of(Some(before), None));
        }
    }

    fn added(&mut self, after: &Group<'a>) {
        if self.base.is_complete() {
            self.told.push(Delta::of(None, Some(after)));
        }
    }
}

/// The functions of one name. `code` is that of all bodies in whatever order, `None` where one has no fingerprint: a
/// group is only as well known as all of its bodies.
#[derive(Clone, Copy, Debug)]
struct Group<'a> {
    hash: u64,
    key: &'a str,
    krate: Option<&'a str>,
    size: u64,
    code: Option<u64>,
    retained: Option<u32>,
}

impl<'a> Delta<'a> {
    fn of(before: Option<&Group<'a>>, after: Option<&Group<'a>>) -> Self {
        let (name, krate) = after.or(before).map_or(("", None), |group| (group.key, group.krate));
        Delta {
            name,
            krate,
            before: before.map(|group| group.size),
            after: after.map(|group| group.size),
            renamed_from: None,
            retained: after.and_then(|group| group.retained),
        }
    }
}

/// Sorted by the hash of the key, which takes a fifth of the time: names of one crate differ late.
fn groups<'a>(list: &FunctionList<'a>) -> Vec<Group<'a>> {
    let mut keyed: Vec<(u64, &str, &Listed<'_>)> = Vec::with_capacity(list.functions.len());
    keyed.extend(list.functions.iter().map(|function| {
        let key = key(function.name);
        (hash(key), key, function)
    }));
    keyed.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| compare(one.1, other.1)));
    keyed.chunk_by(|one, other| one.0 == other.0 && compare(one.1, other.1).is_eq()).map(group).collect()
}

fn group<'a>(functions: &[(u64, &'a str, &Listed<'a>)]) -> Group<'a> {
    Group {
        hash: functions[0].0,
        key: functions[0].1,
        krate: functions[0].2.krate,
        size: functions.iter().map(|(_, _, function)| u64::from(function.size)).sum(),
        // Fingerprints have their bits well spread, so that sums of different ones differ as they do.
        code: functions.iter().try_fold(0, |sum: u64, (_, _, function)| Some(sum.wrapping_add(function.fingerprint?))),
        retained: if let [(_, _, only)] = functions { only.retained } else { None },
    }
}

/// The name without the number that tells duplicates apart, `f[7]` of wasm-bindgen's and `f.7` of LLVM's: which of them has
/// which changes freely.
fn key(name: &str) -> &str {
    let number = |text: &str| text.len() - text.trim_end_matches(|last: char| last.is_ascii_digit()).len();
    let (numbered, mark) = name.strip_suffix(']').map_or((name, '.'), |name| (name, '['));
    let digits = number(numbered);
    match numbered[..numbered.len() - digits].strip_suffix(mark) {
        // A function without a name is called after its index.
        Some(plain) if digits > 0 && !plain.is_empty() && (mark, plain) != ('[', "function") => plain,
        _ => name,
    }
}

/// As `cmp`, in a third of the time: names of one module begin alike, and a byte at a time is what a Wasm module has for
/// comparing memory.
fn compare(one: &str, other: &str) -> Ordering {
    let ((ones, _), (others, _)) = (one.as_bytes().as_chunks::<8>(), other.as_bytes().as_chunks::<8>());
    let differing =
        ones.iter().zip(others).position(|(one, other)| u64::from_le_bytes(*one) != u64::from_le_bytes(*other));
    let at = 8 * differing.unwrap_or(ones.len().min(others.len()));
    one.as_bytes()[at..].cmp(&other.as_bytes()[at..])
}

fn hash(key: &str) -> u64 {
    let mut hash = Hash::default();
    hash.bytes(key.as_bytes());
    hash.finish().0
}

enum Pair<'s, T> {
    Left(&'s T),
    Right(&'s T),
    Both(&'s T, &'s T),
}

/// Walks through two sorted lists, one of each at a time where they are equal.
fn merge<'s, T>(left: &'s [T], right: &'s [T], order: impl Fn(&T, &T) -> Ordering, mut take: impl FnMut(Pair<'s, T>)) {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(one), Some(other)) => order(one, other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return,
        };
        match (order, left.next_if(|_| order.is_le()), right.next_if(|_| order.is_ge())) {
            (_, Some(one), Some(other)) => take(Pair::Both(one, other)),
            (_, Some(one), None) => take(Pair::Left(one)),
            (_, None, Some(other)) => take(Pair::Right(other)),
            (_, None, None) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn numbers_that_tell_duplicates_apart_are_no_part_of_a_key() {
        for (name, expected) in [
            ("f[7]", "f"),
            ("f.7", "f"),
            ("f[7].12", "f[7]"),
            ("core::ptr::drop<[u8]>", "core::ptr::drop<[u8]>"),
            ("f[x7]", "f[x7]"),
            ("f[]", "f[]"),
            ("f.", "f."),
            ("f7", "f7"),
            ("7", "7"),
            ("[7]", "[7]"),
            (".7", ".7"),
            ("function[7]", "function[7]"),
            ("function.7", "function"),
            ("", ""),
        ] {
            assert_eq!(key(name), expected, "{name}");
        }
    }
}
