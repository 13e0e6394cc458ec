//! Options are read strictly: the caller is our own adapter.

use analyzer::options::Options;

#[test]
fn what_is_understood() {
    for (json, functions, check_bodies) in [
        ("{}", Some(50), true),
        (" { } ", Some(50), true),
        (r#"{"functions": 7}"#, Some(7), true),
        (r#"{"functions":null}"#, None, true),
        (r#"{"functions":0,"check_bodies":false}"#, Some(0), false),
        (r#"{ "check_bodies" : true , "functions" : 1 }"#, Some(1), true),
    ] {
        assert_eq!(Options::from_json(json), Some(Options { functions, check_bodies }), "{json}");
    }
}

#[test]
fn what_is_not() {
    for json in
        ["", "null", "[]", "{", r#"{"functions":-1}"#, r#"{"functions":"7"}"#, r#"{"names":1}"#, r#"{"functions"}"#]
    {
        assert_eq!(Options::from_json(json), None, "{json}");
    }
    assert_eq!(Options::from_json(r#"{"functions":1,}"#), None);
}
