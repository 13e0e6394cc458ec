//! Depends on a crate that is in the checkout, but not in its workspace: cargo names that one's files by full paths.

#[unsafe(no_mangle)]
pub extern "C" fn run(index: usize) -> i32 {
    dep::pick(index)
}
