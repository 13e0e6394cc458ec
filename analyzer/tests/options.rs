//! Options are read strictly: the caller is our own adapter.

use analyzer::options::Options;

#[test]
fn what_is_understood() {
    let default = Options::default();
    for (json, options) in [
        ("{}", default),
        (" { } ", default),
        (r#"{"functions": 7}"#, Options { functions: Some(7), ..default }),
        (r#"{"functions":null}"#, Options { functions: None, ..default }),
        (r#"{"functions":0,"check_bodies":false}"#, Options { functions: Some(0), check_bodies: false, ..default }),
        (r#"{ "check_bodies" : true , "functions" : 1 }"#, Options { functions: Some(1), ..default }),
        (r#"{"entries":3,"list":true}"#, Options { entries: Some(3), list: true, ..default }),
        (r#"{"entries":null}"#, default),
    ] {
        assert_eq!(Options::from_json(json), Some(options), "{json}");
    }
}

#[test]
fn what_is_not() {
    for json in [
        "",
        "null",
        "[]",
        "{",
        r#"{"functions":-1}"#,
        r#"{"functions":"7"}"#,
        r#"{"names":1}"#,
        r#"{"functions"}"#,
        r#"{"list":1}"#,
    ] {
        assert_eq!(Options::from_json(json), None, "{json}");
    }
    assert_eq!(Options::from_json(r#"{"functions":1,}"#), None);
}
