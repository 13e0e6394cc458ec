//! Callers: who an API key belongs to. (key, the configured keys) -> name.

use subtle::{Choice, ConstantTimeEq};

/// The name of the caller whose key this is, from a list such as `mobile=KEY, partner=KEY`.
///
/// Every key of the list is compared, and each comparison looks at every byte, so that the time that it takes tells
/// nothing but lengths. An empty key belongs to nobody.
pub fn caller<'a>(given: &str, keys: &'a str) -> Option<&'a str> {
    let mut found = None;
    for (name, key) in keys.split(',').filter_map(|pair| pair.split_once('=')) {
        let same = given.as_bytes().ct_eq(key.trim().as_bytes())
            & Choice::from(u8::from(!given.is_empty()));
        if bool::from(same) {
            found = Some(name.trim());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "mobile=abc123, partner = x=y== ,empty=,nonsense";

    #[test]
    fn a_key_belongs_to_whom_it_was_given() {
        assert_eq!(caller("abc123", KEYS), Some("mobile"));
        assert_eq!(caller("x=y==", KEYS), Some("partner"));
    }

    #[test]
    fn everything_else_belongs_to_nobody() {
        for key in [
            "", " ", "abc12", "abc1234", "ABC123", "mobile", "nonsense", "x",
        ] {
            assert_eq!(caller(key, KEYS), None, "{key:?}");
        }
        assert_eq!(caller("abc123", ""), None);
    }
}
