"""Configuration: inputs, ci-wasm.yml and the wrangler config, resolved into one Settings value."""
