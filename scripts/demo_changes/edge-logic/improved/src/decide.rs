//! The rules, without a request in sight.

/// The two variants of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    A,
    B,
}

impl Variant {
    /// The variant of a visitor who has none yet; `chance` is from 0 up to 1, and half of the visitors get each.
    pub fn of(chance: f64) -> Self {
        if chance < 0.5 { Self::A } else { Self::B }
    }

    /// Its name in the cookie and on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// The variant that a visitor came with: the cookie `variant` of a `Cookie` header. Another value counts as none.
pub fn cookie(header: &str) -> Option<Variant> {
    let pairs = header.split(';').filter_map(|pair| pair.split_once('='));
    match pairs
        .into_iter()
        .find(|(name, _)| name.trim() == "variant")?
        .1
        .trim()
    {
        "a" => Some(Variant::A),
        "b" => Some(Variant::B),
        _ => None,
    }
}

/// The `Set-Cookie` header that makes a variant stick for 30 days.
pub fn set_cookie(variant: Variant) -> &'static str {
    match variant {
        Variant::A => "variant=a; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax",
        Variant::B => "variant=b; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax",
    }
}

/// Whether a country stands in a list such as `KP, SY`; where the country is not known, it does not.
pub fn is_blocked(country: Option<&str>, list: &str) -> bool {
    country.is_some_and(|code| {
        list.split(',')
            .any(|blocked| blocked.trim().eq_ignore_ascii_case(code))
    })
}

/// Whether a feature flag is on; anything but these two words is off.
pub fn is_on(flag: &str) -> bool {
    matches!(flag, "on" | "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        assert_eq!(cookie("variant=a"), Some(Variant::A));
        assert_eq!(cookie("x=1; variant=b ;y=2"), Some(Variant::B));
        for none in [
            "",
            "variant",
            "variant=",
            "variant=c",
            "my-variant=a",
            "x=variant=a",
        ] {
            assert_eq!(cookie(none), None, "{none}");
        }
    }

    #[test]
    fn half_of_the_visitors_get_each() {
        assert_eq!(
            [0.0, 0.499, 0.5, 0.999].map(|chance| Variant::of(chance).name()),
            ["a", "a", "b", "b"]
        );
    }

    #[test]
    fn a_country_is_blocked_by_its_code_alone() {
        assert!(is_blocked(Some("KP"), "KP"));
        assert!(is_blocked(Some("sy"), "KP, SY"));
        for (country, list) in [
            (None, "KP"),
            (Some("K"), "KP"),
            (Some("DE"), "KP,SY"),
            (Some("DE"), ""),
        ] {
            assert!(!is_blocked(country, list), "{country:?} in {list}");
        }
    }

    #[test]
    fn a_flag_is_on_when_it_says_so() {
        assert_eq!(
            ["on", "true", "", "off", "yes", "ON"].map(is_on),
            [true, true, false, false, false, false]
        );
    }

    #[test]
    fn a_cookie_that_is_set_is_the_one_that_is_read() {
        for variant in [Variant::A, Variant::B] {
            let sent_back = set_cookie(variant);
            assert_eq!(cookie(sent_back.split(';').next().unwrap()), Some(variant));
        }
    }
}
