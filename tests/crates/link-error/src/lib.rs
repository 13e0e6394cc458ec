//! Compiles, but does not link: see build.rs.
