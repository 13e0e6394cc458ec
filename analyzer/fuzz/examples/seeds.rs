//! Seeds: modules to begin with, the readable ones of the tests and generated ones. (folder) -> analyze/*, diff/*.

use std::path::Path;
use std::{env, fs, io};

use wasm_smith::{Config, Module};

const GENERATED: u64 = 300;

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).ok_or_else(|| io::Error::other("seeds FOLDER"))?;
    let (single, pairs) = (Path::new(&folder).join("analyze"), Path::new(&folder).join("diff"));
    fs::create_dir_all(&single)?;
    fs::create_dir_all(&pairs)?;
    let mut modules = readable()?;
    modules.extend((0..GENERATED).filter_map(generated));
    for (number, wasm) in modules.iter().enumerate() {
        fs::write(single.join(number.to_string()), wasm)?;
        // With itself and with its neighbor, as the target reads them.
        for (name, head) in [("same", wasm), ("other", &modules[(number + 1) % modules.len()])] {
            let pair = [&(wasm.len() as u32).to_le_bytes(), wasm.as_slice(), head].concat();
            fs::write(pairs.join(format!("{number}-{name}")), pair)?;
        }
    }
    Ok(())
}

fn readable() -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wat");
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.iter().map(|path| wat::parse_file(path).map_err(io::Error::other)).collect()
}

/// A valid module of every kind of section and most proposals, the same for the same number.
fn generated(number: u64) -> Option<Vec<u8>> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let bytes: Vec<u8> = (0..2048 + number * 8).map(|_| random(&mut state)).collect();
    let mut choices = arbitrary::Unstructured::new(&bytes);
    let config = Config {
        allow_start_export: true,
        bulk_memory_enabled: true,
        custom_page_sizes_enabled: true,
        exceptions_enabled: true,
        gc_enabled: true,
        generate_custom_sections: true,
        max_instructions: 200,
        max_memories: 3,
        max_tables: 3,
        memory64_enabled: true,
        reference_types_enabled: true,
        relaxed_simd_enabled: true,
        simd_enabled: true,
        tail_call_enabled: true,
        threads_enabled: true,
        wide_arithmetic_enabled: true,
        ..Config::default()
    };
    Some(Module::new(config, &mut choices).ok()?.to_bytes())
}

fn random(state: &mut u64) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 32) as u8
}
