;; The tutorial's module: one function, one memory, nothing that WebAssembly 1.0 does not have.
(module
  (memory (export "memory") 17)
  (func $add (export "add") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.add))
