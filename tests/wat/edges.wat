;; Every way in which one function leads to another or is entered, those too that twiggy does not see.
(module
  (import "host" "tick" (func $tick))
  (import "host" "table" (table $hosts 3 funcref))
  (table $own 3 funcref)
  (memory 1)
  (global (export "held") funcref (ref.func $by-global))
  (export "run" (func $run))
  (start $start)
  (elem (table $own) (i32.const 0) func $by-own-table)
  (elem (table $hosts) (i32.const 0) func $by-hosts-table)
  (elem (table $own) (i32.const 1) funcref (ref.func $by-expression) (ref.null func))
  (elem func $by-passive)
  (elem declare func $by-reference)
  (func $start call $tick)
  (func $run (result funcref)
    call $called
    ref.func $by-reference)
  (func $called return_call $by-tail-call)
  (func $by-tail-call call $shared)
  (func $by-reference call $shared)
  (func $shared
    i32.const 16
    i32.load
    drop)
  (func $by-global)
  (func $by-own-table)
  (func $by-hosts-table)
  (func $by-expression)
  (func $by-passive)
  (func $garbage call $shared)
  (data (i32.const 16) "reached by a load"))
