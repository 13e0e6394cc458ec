//! Gives the linker an argument that it does not know.

fn main() {
    println!("cargo::rustc-link-arg=--no-such-flag");
}
