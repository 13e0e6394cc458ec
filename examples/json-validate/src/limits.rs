//! Limits: what a schema out of a request may ask for before it is compiled. Value -> Demands, or what is too much.

use serde_json::Value;

/// The largest body: an instance, or a schema and an instance.
pub const BODY_BYTES: usize = 1 << 20;
/// The largest inline schema, and how many JSON values it may have: boon's time for compiling grows with their square.
pub const SCHEMA_BYTES: usize = 64 << 10;
const SCHEMA_VALUES: usize = 4_000;
/// Patterns are translated from ECMAScript's syntax to Rust's in a pass over the whole pattern for each escape. Matching
/// takes linear time, whatever the pattern.
const PATTERN_BYTES: usize = 256;
const PATTERN_ESCAPES: usize = 1_000;

/// What is known of a schema's cost.
#[derive(Default)]
pub struct Demands {
    values: usize,
    escapes: usize,
    /// Texts of the instance may be read as patterns.
    pub regex_format: bool,
}

impl Demands {
    pub fn of_schema(schema: &Value) -> Result<Self, String> {
        let mut demands = Self::default();
        demands.visit(schema)?;
        Ok(demands)
    }

    /// A property that is only called `pattern` is counted, too: the limits are wide enough for that.
    fn visit(&mut self, schema: &Value) -> Result<(), String> {
        self.values += 1;
        if self.values > SCHEMA_VALUES {
            return Err(format!("the schema has more than {SCHEMA_VALUES} values"));
        }
        match schema {
            Value::Array(items) => items.iter().try_for_each(|item| self.visit(item)),
            Value::Object(entries) => entries.iter().try_for_each(|(key, value)| {
                match (key.as_str(), value) {
                    ("pattern", Value::String(pattern)) => self.pattern(pattern)?,
                    ("patternProperties", Value::Object(patterns)) => {
                        patterns.keys().try_for_each(|pattern| self.pattern(pattern))?;
                    }
                    ("format", Value::String(format)) => self.regex_format |= format == "regex",
                    // The metaschemas have patterns for values.
                    ("$ref", Value::String(target)) => self.regex_format |= target.contains("json-schema.org/"),
                    _ => (),
                }
                self.visit(value)
            }),
            _ => Ok(()),
        }
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), String> {
        self.escapes += pattern.matches('\\').count();
        match () {
            () if pattern.len() > PATTERN_BYTES => Err(format!("a pattern has more than {PATTERN_BYTES} bytes")),
            () if self.escapes > PATTERN_ESCAPES => {
                Err(format!("the patterns have more than {PATTERN_ESCAPES} escapes"))
            }
            () => Ok(()),
        }
    }
}

/// Whether an instance keeps the limits of patterns, for a schema that may read its texts as such.
pub fn check_patterns(instance: &Value) -> Result<(), String> {
    fn visit(value: &Value, demands: &mut Demands) -> Result<(), String> {
        match value {
            Value::String(text) => demands.pattern(text),
            Value::Array(items) => items.iter().try_for_each(|item| visit(item, demands)),
            Value::Object(entries) => entries.iter().try_for_each(|(key, value)| {
                demands.pattern(key)?;
                visit(value, demands)
            }),
            _ => Ok(()),
        }
    }
    visit(instance, &mut Demands::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problem(schema: &Value) -> String {
        Demands::of_schema(schema).err().unwrap_or_default()
    }

    #[test]
    fn what_is_too_much_is_refused() {
        assert_eq!(problem(&json!({"pattern": "a".repeat(256)})), "");
        assert_eq!(problem(&json!({"not": {"pattern": "a".repeat(257)}})), "a pattern has more than 256 bytes");
        assert_eq!(
            problem(&json!({"patternProperties": {"a".repeat(257): true}})),
            "a pattern has more than 256 bytes"
        );
        let patterns = vec![json!({"pattern": "\\d".repeat(100)}); 11];
        assert_eq!(problem(&json!({"allOf": patterns})), "the patterns have more than 1000 escapes");
        assert_eq!(problem(&json!(vec![0; 3_999])), "");
        assert_eq!(problem(&json!(vec![0; 4_000])), "the schema has more than 4000 values");
    }

    #[test]
    fn texts_are_patterns_where_the_schema_says_so() {
        let says = |schema: Value| Demands::of_schema(&schema).unwrap().regex_format;

        assert!(says(json!({"properties": {"a": {"format": "regex"}}})));
        assert!(says(json!({"$ref": "http://json-schema.org/draft-07/schema#"})));
        assert!(!says(json!({"$schema": "http://json-schema.org/draft-07/schema#", "format": "email"})));
        assert!(check_patterns(&json!([{"a": "\\d".repeat(100)}])).is_ok());
        assert!(check_patterns(&json!([{"a": "\\d".repeat(200)}])).is_err());
    }
}
