//! Keeping: whether an answer may be used again, and for whom. (request, answer) -> Keep, key.
//!
//! The rules are those of a shared cache, https://www.rfc-editor.org/rfc/rfc9111, and stricter in one point: what is not
//! `public` is never given to a caller with another API key.

/// Who may get an answer again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    No,
    /// The caller who got it.
    ForCaller,
    ForAll,
}

/// What an answer says about itself.
pub struct Answer {
    pub status: u16,
    pub cache_control: String,
    pub vary: String,
    pub sets_cookie: bool,
}

/// How a request takes part: `look` for a kept answer, `store` a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub look: bool,
    pub store: bool,
}

/// What may be done for a request; only a whole answer to a GET is ever kept.
pub fn part(method: &str, has_range: bool, cache_control: &str) -> Part {
    let eligible = method == "GET" && !has_range && !has(cache_control, "no-store");
    Part {
        look: eligible && !has(cache_control, "no-cache"),
        store: eligible,
    }
}

/// Whether to keep an answer. `authorized`: the request had an `Authorization` header, so the answer may be one user's.
pub fn keep(answer: &Answer, authorized: bool, varies_by: &[&str]) -> Keep {
    let control = answer.cache_control.as_str();
    let forbidden = ["no-store", "no-cache", "private"]
        .iter()
        .any(|name| has(control, name));
    let lives = seconds(control, "s-maxage").or_else(|| seconds(control, "max-age"));
    if answer.status != 200
        || answer.sets_cookie
        || forbidden
        || lives.unwrap_or(0) == 0
        || !varies_within(&answer.vary, varies_by)
    {
        return Keep::No;
    }
    match (has(control, "public"), authorized) {
        (true, _) => Keep::ForAll,
        (false, false) => Keep::ForCaller,
        (false, true) => Keep::No,
    }
}

/// The key of a kept answer: the URL and, as its last parameter, whose it is and the headers that it may differ by.
///
/// A request cannot reach another's key: what it brings as a parameter stands before ours and stays apart from it.
pub fn key(url: &str, caller: Option<&str>, varied: &[Option<String>]) -> String {
    let (url, _) = url.split_once('#').unwrap_or((url, ""));
    let mut key = String::from(url);
    key.push(if url.contains('?') { '&' } else { '?' });
    key.push_str("kept-for=");
    match caller {
        Some(name) => push_encoded(&mut key, name),
        None => key.push('*'),
    }
    for value in varied {
        // A missing header is not an empty one.
        key.push(if value.is_some() { '=' } else { '-' });
        push_encoded(&mut key, value.as_deref().unwrap_or_default());
    }
    key
}

fn push_encoded(key: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            key.push(char::from(byte));
        } else {
            key.push('%');
            key.push(char::from(DIGITS[usize::from(byte >> 4)]));
            key.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// The runtime chooses the encoding between itself and the upstream, so answers do not differ by it here.
fn varies_within(vary: &str, varies_by: &[&str]) -> bool {
    vary.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .all(|name| {
            name.eq_ignore_ascii_case("accept-encoding")
                || varies_by
                    .iter()
                    .any(|known| name.eq_ignore_ascii_case(known))
        })
}

/// The directives of a `Cache-Control` header, split at commas that stand outside of quotes.
fn directives(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
    .map(|directive| directive.split_once('=').unwrap_or((directive, "")))
    .map(|(name, value)| (name.trim(), value.trim()))
}

fn has(text: &str, name: &str) -> bool {
    directives(text).any(|(found, _)| found.eq_ignore_ascii_case(name))
}

fn seconds(text: &str, name: &str) -> Option<u32> {
    directives(text)
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .and_then(|(_, value)| value.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cache_control: &str, vary: &str) -> Answer {
        Answer {
            status: 200,
            cache_control: cache_control.into(),
            vary: vary.into(),
            sets_cookie: false,
        }
    }

    #[test]
    fn cache_control_decides() {
        for (text, authorized, expected) in [
            ("public, max-age=60", false, Keep::ForAll),
            ("public, max-age=60", true, Keep::ForAll),
            ("Public , S-MaxAge=60", false, Keep::ForAll),
            ("max-age=60", false, Keep::ForCaller),
            ("max-age=60", true, Keep::No),
            ("max-age=60, must-revalidate", false, Keep::ForCaller),
            ("", false, Keep::No),
            ("public", false, Keep::No),
            ("public, max-age=0", false, Keep::No),
            ("public, max-age=60, s-maxage=0", false, Keep::No),
            ("public, max-age=-1", false, Keep::No),
            ("public, max-age=soon", false, Keep::No),
            ("no-store", false, Keep::No),
            ("public, max-age=60, no-store", false, Keep::No),
            ("public, max-age=60, No-Cache", false, Keep::No),
            ("public, max-age=60, private", false, Keep::No),
            ("max-age=60, private=\"set-cookie\"", false, Keep::No),
            ("max-age=60, note=\"a, public\"", false, Keep::ForCaller),
        ] {
            assert_eq!(keep(&answer(text, ""), authorized, &[]), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_may_differ_by_known_headers_only() {
        for (vary, expected) in [
            ("", Keep::ForAll),
            ("Accept-Encoding", Keep::ForAll),
            ("accept-language, Accept-Encoding", Keep::ForAll),
            ("*", Keep::No),
            ("accept-language, *", Keep::No),
            ("accept-language, cookie", Keep::No),
            ("origin", Keep::No),
        ] {
            let kept = keep(
                &answer("public, max-age=60", vary),
                false,
                &["accept-language"],
            );
            assert_eq!(kept, expected, "{vary}");
        }
    }

    #[test]
    fn only_a_plain_200_without_cookies_is_kept() {
        for (status, sets_cookie, expected) in [
            (200, false, Keep::ForAll),
            (200, true, Keep::No),
            (203, false, Keep::No),
            (206, false, Keep::No),
            (301, false, Keep::No),
            (404, false, Keep::No),
            (500, false, Keep::No),
        ] {
            let told = Answer {
                status,
                sets_cookie,
                ..answer("public, max-age=60", "")
            };
            assert_eq!(keep(&told, false, &[]), expected, "{status}");
        }
    }

    #[test]
    fn a_request_may_ask_for_a_fresh_answer() {
        for (method, has_range, control, look, store) in [
            ("GET", false, "", true, true),
            ("GET", false, "max-age=0", true, true),
            ("GET", false, "no-cache", false, true),
            ("GET", false, "no-store", false, false),
            ("GET", true, "", false, false),
            ("HEAD", false, "", false, false),
            ("POST", false, "", false, false),
        ] {
            assert_eq!(
                part(method, has_range, control),
                Part { look, store },
                "{method} {control}"
            );
        }
    }

    #[test]
    fn keys_are_apart() {
        let some = |text: &str| vec![Some(text.to_string())];
        let keys = [
            key("https://a/b", None, &some("de")),
            key("https://a/b", None, &some("en")),
            key("https://a/b", None, &some("")),
            key("https://a/b", None, &[None]),
            key("https://a/b", Some("mobile"), &some("de")),
            key("https://a/b", Some("*"), &some("de")),
            key("https://a/b?c", None, &some("de")),
            key("https://a/b?kept-for=*=de", None, &some("de")),
            key("https://a/b?kept-for=*=de", Some("mobile"), &some("de")),
            key("https://a/b", Some("mobile=de"), &[]),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(!keys[at + 1..].contains(one), "{one}");
        }
        assert_eq!(keys[4], "https://a/b?kept-for=mobile=de");
        assert_eq!(key("https://a/b#c", None, &[]), "https://a/b?kept-for=*");
        assert_eq!(
            key("https://a/", None, &some("a&b=c/é")),
            "https://a/?kept-for=*=a%26b%3Dc%2F%C3%A9"
        );
    }
}
