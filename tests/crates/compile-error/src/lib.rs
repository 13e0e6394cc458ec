//! Does not compile: two errors, the first on line 7, after a warning.

#[unsafe(no_mangle)]
pub extern "C" fn answer() -> i32 {
    let unused = 1;

    "forty-two"
}

#[unsafe(no_mangle)]
pub extern "C" fn question() -> i32 {
    missing()
}
