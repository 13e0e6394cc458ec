//! Memory: what there is for images, and one whole piece of it. bytes -> whether there is room.

/// Bytes that images may take at one time. Of the 112 MiB that build.rs allows, the rest is for the request, a decoder's
/// copy of it, and the stack.
const MOST_MEMORY: u64 = 88 << 20;
/// Most requests take less, and leave the heap as small as it is.
const SMALL: u64 = 16 << 20;

pub fn is_there(bytes: u64) -> bool {
    if bytes > SMALL {
        make_whole();
    }
    bytes <= MOST_MEMORY
}

/// Rust's allocator asks for as much as is wanted, even where half of it is free at the end of the heap, so that what fits
/// would depend on the requests before. All of it asked for once, and given back to the allocator, is one free piece.
#[cfg(target_arch = "wasm32")]
fn make_whole() {
    const PAGE: usize = 64 << 10;
    let free = (crate::MEMORY_PAGES - core::arch::wasm32::memory_size(0)) * PAGE;
    // The allocator adds a few bytes, and rounds up to a page. Without room for it there is nothing to do.
    let _ = Vec::<u8>::new().try_reserve_exact(free.saturating_sub(2 * PAGE));
}

#[cfg(not(target_arch = "wasm32"))]
fn make_whole() {}
