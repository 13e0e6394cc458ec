//! Sections: the file cut into pieces whose sizes add up to its own. Parser events -> Vec<Section>.

use std::borrow::Cow;

use wasmparser::{Encoding, Payload};

use crate::answer::Section;
use crate::names::capped;

/// What follows the first structural error, in one piece.
const UNREADABLE: &str = "unreadable";

const CORE: &[&str] = &[
    "custom",
    "type",
    "import",
    "function",
    "table",
    "memory",
    "global",
    "export",
    "start",
    "element",
    "code",
    "data",
    "data-count",
    "tag",
];

const COMPONENT: &[&str] = &[
    "custom",
    "core-module",
    "core-instance",
    "core-type",
    "component",
    "instance",
    "alias",
    "type",
    "canonical",
    "start",
    "import",
    "export",
    "value",
];

/// Sections lie back to back, so each begins where the one before it ends.
pub struct Sections<'a> {
    wasm: &'a [u8],
    ids: &'static [&'static str],
    list: Vec<Section<'a>>,
    end: usize,
}

impl<'a> Sections<'a> {
    pub fn new(wasm: &'a [u8]) -> Self {
        Sections { wasm, ids: CORE, list: Vec::new(), end: 0 }
    }

    pub fn payload(&mut self, payload: &Payload<'a>) {
        if let Payload::Version { encoding, range, .. } = payload {
            if *encoding == Encoding::Component {
                self.ids = COMPONENT;
            }
            self.push("preamble".into(), range.end);
        } else if let Payload::CustomSection(section) = payload {
            self.push(format!("custom.{}", capped(section.name())).into(), section.range().end);
        } else if let Some((id, range)) = payload.as_section() {
            self.push(self.name(id), range.end);
        }
    }

    fn push(&mut self, name: Cow<'a, str>, end: u64) {
        // A code section is announced before it is known to be all there.
        let end = usize::try_from(end).map_or(self.wasm.len(), |end| end.min(self.wasm.len()));
        let offset = self.end;
        self.list.push(Section { name, offset, size: end.saturating_sub(offset) });
        self.end = end;
    }

    fn name(&self, id: u8) -> Cow<'a, str> {
        match self.ids.get(usize::from(id)) {
            Some(name) => Cow::Borrowed(name),
            None => format!("unknown.{id}").into(),
        }
    }

    pub fn finish(mut self) -> Finished<'a> {
        let unreadable = (self.end < self.wasm.len()).then_some(self.end);
        // The first byte of a section that could not be read still says what it was meant to be.
        let broken = unreadable.filter(|start| *start > 0).map(|start| self.name(self.wasm[start]));
        if unreadable.is_some() {
            self.push(UNREADABLE.into(), self.wasm.len() as u64);
        }
        Finished { list: self.list, broken }
    }
}

/// All sections; `broken` names the one in which the structure ends, if it ends early.
pub struct Finished<'a> {
    pub list: Vec<Section<'a>>,
    broken: Option<Cow<'a, str>>,
}

impl<'a> Finished<'a> {
    /// The name of the section in which `offset` lies; the end of the file belongs to the last section.
    pub fn at(&self, offset: u64) -> Option<Cow<'a, str>> {
        let after = self.list.partition_point(|section| section.offset as u64 <= offset);
        let section = self.list.get(after.checked_sub(1)?)?;
        if section.name == UNREADABLE { self.broken.clone() } else { Some(section.name.clone()) }
    }
}
