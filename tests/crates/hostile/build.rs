//! Looks for secrets as a malicious dependency would, and carries what it found out in the module.
//!
//! Only whether a canary was found is reported, never the text around it. `targets.txt` (written by the test) names
//! the files to read and to write, one `read PATH` or `write PATH` per line.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

const CANARY: &[u8] = b"canary-in-a-coal-mine";

fn main() {
    let mut report = vec!["report starts".to_string()];
    for (name, value) in std::env::vars_os() {
        let hit = if holds_canary(value.as_encoded_bytes()) { " CANARY" } else { "" };
        report.push(format!("variable {}{hit}", name.to_string_lossy()));
    }
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let environ = fs::read(process.path().join("environ")).unwrap_or_default();
        if holds_canary(&environ) {
            report.push(format!("process {} CANARY", process.path().display()));
        }
    }
    let targets = fs::read_to_string("targets.txt").unwrap_or_default();
    report.extend(targets.lines().filter_map(|line| line.split_once(' ')).map(|(what, path)| attempt(what, path)));
    report.push("report ends".to_string());
    let folder = std::env::var_os("OUT_DIR").unwrap();
    fs::write(Path::new(&folder).join("report.txt"), report.join("\n")).unwrap();
}

fn attempt(what: &str, path: &str) -> String {
    let outcome = match what {
        "read" => fs::read(path).map(|_| ()),
        _ => OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| file.write_all(b"PWNED=1\n")),
    };
    format!("{what} {path} {}", if outcome.is_ok() { "DONE" } else { "denied" })
}

fn holds_canary(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY)
}
