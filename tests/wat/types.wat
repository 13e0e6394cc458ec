;; Every kind of value type, in the signatures of imports and exports.
(module
  (type $pair (struct (field i32) (field (mut f64))))
  (type $bytes (array (mut i8)))
  (type $callback (func (param i32) (result i32)))
  (type $task (cont $callback))
  (import "host" "numbers" (func (param i32 i64 f32 f64 v128) (result i32)))
  (import "host" "nullable" (func
    (param funcref externref anyref eqref i31ref structref arrayref exnref contref)
    (param nullref nullfuncref nullexternref nullexnref nullcontref)))
  (import "host" "not-null" (func
    (param (ref func) (ref extern) (ref any) (ref eq) (ref i31) (ref struct) (ref array) (ref exn) (ref cont))
    (param (ref none) (ref nofunc) (ref noextern) (ref noexn) (ref nocont))))
  (import "host" "concrete" (func
    (param (ref $pair) (ref null $pair) (ref $bytes) (ref null $callback) (ref null $task))))
  (func (export "pair") (param i32) (result i32 (ref null $pair))
    local.get 0
    ref.null $pair)
  (func (export "nothing")))
