;; Data and element segments, a start function, custom sections.
(module
  (memory 1)
  (table 4 funcref)
  (global $started (mut i32) (i32.const 0))
  (func $begin
    i32.const 1
    global.set $started)
  (func $other
    i32.const 0
    i32.const 0
    i32.const 5
    memory.init $late)
  (start $begin)
  (elem (i32.const 0) func $begin $other)
  (elem declare func $other)
  (data (i32.const 16) "hello, world")
  (data $late "\00\01\02\03\04")
  (@custom "producers" "\00")
  (@custom "build_id" (after code) "1234"))
