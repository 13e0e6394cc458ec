//! Panics, so that paths of source files end up in the module.

static VALUES: [i32; 4] = [1, 2, 3, 5];

#[unsafe(no_mangle)]
pub extern "C" fn pick(index: usize) -> i32 {
    assert!(index != 3, "index {index} is taken");
    VALUES[index]
}
