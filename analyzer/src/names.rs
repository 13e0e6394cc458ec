//! Names: which functions the name section names, and how long any name may be. Custom section -> names by index.

use std::borrow::Cow;

use wasmparser::{BinaryReader, Result};

/// No name in an answer is longer than this many bytes, the ellipsis of a cut one included.
pub const MAX_NAME: usize = 1024;

const ELLIPSIS: &str = "\u{2026}";

/// The subsection that names functions (core spec, appendix "Custom Sections", Name Section).
const FUNCTION_NAMES: u8 = 1;

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
pub struct FunctionNames<'a>(Vec<Option<&'a [u8]>>);

impl<'a> FunctionNames<'a> {
    /// Reads the section's content for a module with `functions` functions, imported ones included.
    pub fn read(content: BinaryReader<'a>, functions: usize) -> Self {
        let mut names = FunctionNames(vec![None; functions]);
        // An error ends the reading, no more.
        let _ = names.subsections(content);
        names
    }

    fn subsections(&mut self, mut content: BinaryReader<'a>) -> Result<()> {
        while !content.eof() {
            let id = content.read_u8()?;
            let subsection = content.read_reader()?;
            if id == FUNCTION_NAMES {
                self.name_map(subsection)?;
            }
        }
        Ok(())
    }

    fn name_map(&mut self, mut map: BinaryReader<'a>) -> Result<()> {
        for _ in 0..map.read_var_u32()? {
            let index = map.read_var_u32()? as usize;
            let length = map.read_var_u32()? as usize;
            let name = map.read_bytes(length)?;
            if let Some(slot) = self.0.get_mut(index) {
                *slot = (!name.is_empty()).then_some(name);
            }
        }
        Ok(())
    }

    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.0.get(index).copied().flatten()
    }

    pub fn any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }
}
