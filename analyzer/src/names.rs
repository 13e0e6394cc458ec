//! Names: which functions and data segments have names, and how long any name may be. Custom section -> names by index.

use std::borrow::Cow;

use wasmparser::{BinaryReader, Result};

/// No name in an answer is longer than this many bytes, the ellipsis of a cut one included.
pub const MAX_NAME: usize = 1024;

const ELLIPSIS: &str = "\u{2026}";

/// The subsections that name functions (core spec, appendix "Custom Sections", Name Section) and data segments
/// (<https://github.com/WebAssembly/extended-name-section>).
const FUNCTION_NAMES: u8 = 1;
const SEGMENT_NAMES: u8 = 9;

/// `name`, or as much of it as leaves room for an ellipsis.
pub fn capped(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("{}{ELLIPSIS}", &name[..name.floor_char_boundary(MAX_NAME - ELLIPSIS.len())]))
}

/// The names as they stand in the file, not yet known to be UTF-8. A malformed name section is no error of the
/// module: what can be read of it counts.
#[derive(Default)]
pub struct Names<'a> {
    functions: Vec<Option<&'a [u8]>>,
    segments: Vec<Option<&'a [u8]>>,
}

impl<'a> Names<'a> {
    /// Reads the section's content for a module with `functions` functions, imported ones included, and so many data
    /// segments.
    pub fn read(content: BinaryReader<'a>, functions: usize, segments: usize) -> Self {
        let mut names = Names { functions: vec![None; functions], segments: vec![None; segments] };
        // An error ends the reading, no more.
        let _ = names.subsections(content);
        names
    }

    fn subsections(&mut self, mut content: BinaryReader<'a>) -> Result<()> {
        while !content.eof() {
            let id = content.read_u8()?;
            let subsection = content.read_reader()?;
            match id {
                FUNCTION_NAMES => name_map(subsection, &mut self.functions)?,
                SEGMENT_NAMES => name_map(subsection, &mut self.segments)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A function's name.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.functions.get(index).copied().flatten()
    }

    /// A data segment's name, such as `.rodata`.
    pub fn segment(&self, index: usize) -> Option<&'a [u8]> {
        self.segments.get(index).copied().flatten()
    }

    /// Whether any function has a name.
    pub fn any(&self) -> bool {
        self.functions.iter().any(Option::is_some)
    }
}

fn name_map<'a>(mut map: BinaryReader<'a>, names: &mut [Option<&'a [u8]>]) -> Result<()> {
    for _ in 0..map.read_var_u32()? {
        let index = map.read_var_u32()? as usize;
        let length = map.read_var_u32()? as usize;
        let name = map.read_bytes(length)?;
        if let Some(slot) = names.get_mut(index) {
            *slot = (!name.is_empty()).then_some(name);
        }
    }
    Ok(())
}
