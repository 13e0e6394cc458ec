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
        let mut plain = 0;
        for (at, byte) in self.bytes().enumerate() {
            if byte < b' ' || byte == b'"' || byte == b'\\' {
                out.push_str(&self[plain..at]);
                plain = at + 1;
                // A `String` takes everything it is given.
                let _ = match byte {
                    b'"' | b'\\' => write!(out, "\\{}", char::from(byte)),
                    _ => write!(out, "\\u{byte:04x}"),
                };
            }
        }
        out.push_str(&self[plain..]);
        out.push('"');
    }
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
