//! Function list: what the functions of two builds are compared by, as bytes that travel between instances.
//!
//! Two modules are read side by side, each in an instance of its own; the comparison then needs names, sizes and
//! fingerprints of all functions, and nothing else. Little-endian: how many functions the module has (`u32`), then for
//! each that is listed its size (`u32`), its retained size (`u32`, all ones for none), its fingerprint (`u64`, 0 for
//! none), the lengths of its name and of its crate's (`u16`, 0 for no crate), and these two as UTF-8.

const NOTHING: u32 = u32::MAX;

/// One function of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    pub name: &'a str,
    pub krate: Option<&'a str>,
    pub size: u32,
    pub retained: Option<u32>,
    pub fingerprint: Option<u64>,
}

/// A list as it was read; `count` is how many functions the module has, which may be more than are listed.
#[derive(Debug)]
pub struct FunctionList<'a> {
    pub count: usize,
    pub functions: Vec<Listed<'a>>,
}

impl<'a> FunctionList<'a> {
    /// `None` for what [`write`] does not write: the caller is our own adapter, so it is a bug and must not pass.
    pub fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let count = number::<4>(&mut bytes)? as usize;
        let mut functions = Vec::new();
        while !bytes.is_empty() {
            functions.push(listed(&mut bytes)?);
        }
        Some(FunctionList { count, functions })
    }

    /// Whether every function of the module is listed.
    pub fn is_complete(&self) -> bool {
        self.functions.len() == self.count
    }

    /// The bytes of the functions that are listed.
    pub fn size(&self) -> u64 {
        self.functions.iter().map(|function| u64::from(function.size)).sum()
    }
}

/// Begins a list for a module with `count` functions.
pub fn begin(count: usize) -> Vec<u8> {
    (count as u32).to_le_bytes().to_vec()
}

/// Appends a function.
pub fn write(list: &mut Vec<u8>, function: &Listed<'_>) {
    let krate = function.krate.unwrap_or("");
    list.extend_from_slice(&function.size.to_le_bytes());
    list.extend_from_slice(&function.retained.unwrap_or(NOTHING).to_le_bytes());
    list.extend_from_slice(&function.fingerprint.unwrap_or(0).to_le_bytes());
    // Names are capped at far less than 64 KiB.
    list.extend_from_slice(&(function.name.len() as u16).to_le_bytes());
    list.extend_from_slice(&(krate.len() as u16).to_le_bytes());
    list.extend_from_slice(function.name.as_bytes());
    list.extend_from_slice(krate.as_bytes());
}

fn listed<'a>(bytes: &mut &'a [u8]) -> Option<Listed<'a>> {
    let size = number::<4>(bytes)? as u32;
    let retained = number::<4>(bytes)? as u32;
    let fingerprint = number::<8>(bytes)?;
    let (name, krate) = (number::<2>(bytes)? as usize, number::<2>(bytes)? as usize);
    Some(Listed {
        name: text(bytes, name)?,
        krate: text(bytes, krate).map(|name| (!name.is_empty()).then_some(name))?,
        size,
        retained: (retained != NOTHING).then_some(retained),
        fingerprint: (fingerprint != 0).then_some(fingerprint),
    })
}

fn number<const SIZE: usize>(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<SIZE>()?;
    *bytes = rest;
    Some(number.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

fn text<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a str> {
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    str::from_utf8(text).ok()
}
