//! Carries the report of build.rs.

#[unsafe(no_mangle)]
pub static REPORT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/report.txt"));

#[unsafe(no_mangle)]
pub extern "C" fn length() -> usize {
    REPORT.len()
}
