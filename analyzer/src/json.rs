//! JSON: a writer for the answer's few kinds of value. Values -> RFC 8259 text.

use std::borrow::Cow;
use std::fmt::Write;

/// What can be written as JSON.
pub trait Json {
    fn write(&self, out: &mut String);
}

/// What is written as an object: its fields, in order. Another object may take them in as its own.
pub trait Fields {
    fn fields(&self, object: &mut Object<'_>);
}

/// An object under construction.
pub struct Object<'a> {
    out: &'a mut String,
    separator: &'static str,
}

impl Object<'_> {
    /// `name` must need no escaping.
    pub fn field(&mut self, name: &'static str, value: &impl Json) {
        self.out.push_str(self.separator);
        self.separator = ",\"";
        self.out.push_str(name);
        self.out.push_str("\":");
        value.write(self.out);
    }
}

impl<T: Fields> Json for T {
    fn write(&self, out: &mut String) {
        out.push('{');
        self.fields(&mut Object { out, separator: "\"" });
        out.push('}');
    }
}

/// `fields!(Section<'_>: name, offset, size)`; a field that JSON calls otherwise is `ty as "type"`.
macro_rules! fields {
    ($type:ty: $($field:ident $(as $name:literal)?),* $(,)?) => {
        impl $crate::json::Fields for $type {
            fn fields(&self, object: &mut $crate::json::Object<'_>) {
                $( object.field($crate::json::fields!(@name $field $($name)?), &self.$field); )*
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
}

pub(crate) use fields;

impl Json for str {
    fn write(&self, out: &mut String) {
        out.push('"');
        let mut rest = self;
        while let Some(at) = escaped(rest.as_bytes()) {
            let (plain, odd) = rest.split_at(at);
            out.push_str(plain);
            // A `String` takes everything it is given.
            let _ = match odd.as_bytes()[0] {
                byte @ (b'"' | b'\\') => write!(out, "\\{}", char::from(byte)),
                byte => write!(out, "\\u{byte:04x}"),
            };
            rest = &odd[1..];
        }
        out.push_str(rest);
        out.push('"');
    }
}

/// Where the first byte is that a JSON string must not have as it is. Nearly no name has one: eight are looked at together.
fn escaped(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The high bit of each byte that is smaller than `limit`, and of some behind one.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & (ONES << 7);
    let is_odd = |word: u64| {
        below(word, 0x20) | below(word ^ (ONES * u64::from(b'"')), 1) | below(word ^ (ONES * u64::from(b'\\')), 1) != 0
    };
    let (words, _) = text.as_chunks::<8>();
    let plain = words.iter().take_while(|word| !is_odd(u64::from_le_bytes(**word))).count();
    let odd = text[8 * plain..].iter().position(|byte| *byte < b' ' || *byte == b'"' || *byte == b'\\');
    odd.map(|at| 8 * plain + at)
}

impl Json for &str {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl Json for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl Json for Cow<'_, str> {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl Json for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Json for u64 {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl Json for u32 {
    fn write(&self, out: &mut String) {
        u64::from(*self).write(out);
    }
}

impl Json for usize {
    fn write(&self, out: &mut String) {
        (*self as u64).write(out);
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut String) {
        out.push('[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            value.write(out);
        }
        out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn every_byte_is_found_wherever_it_stands() {
        for (byte, at) in (0..=u8::MAX).flat_map(|byte| (0..19).map(move |at| (byte, at))) {
            let mut text = [0x80 | (at as u8); 19];
            text[at] = byte;
            let odd = byte < 0x20 || byte == b'"' || byte == b'\\';
            assert_eq!(escaped(&text), odd.then_some(at), "{byte:#x} at {at}");
        }
    }
}
