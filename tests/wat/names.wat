;; One function for each spelling of a name, and some that no name section helps with.
(module
  (func $"_ZN4core3fmt5write17h0123456789abcdefE" (result i32) i32.const 1000000)
  (func $"_RNvNtCs5QKdeY3G5Tm_4core3fmt5write" (result i32) i32.const 100000)
  (func $"app::route::h0123456789abcdef" (result i32) i32.const 10000)
  (func $"<app[1f2e3d4c5b6a7988]::Router as core[8b5ce8b2e5eaa1b3]::ops::drop::Drop>::drop" (result i32)
    i32.const 1000)
  (func $memcpy (result i32) i32.const 100)
  (func (export "handle") (result i32) i32.const 10)
  (func))
