"""Page text: JSON that cannot leave the script element it stands in. value -> text.

HTML ends a script at the first `</script`, whatever the script's type, and `<!--` changes how it goes on:
https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements. With every `<`, `>`
and `&` written as an escape, no text can say either. U+2028 and U+2029 end a line in old JavaScript.
"""

from __future__ import annotations

import json

_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def page_json(value: object) -> str:
    """A plain value as compact JSON for a script element; these characters occur in its strings alone."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ESCAPES)


def page_bytes(value: object) -> int:
    """How many bytes a value takes there, in UTF-8."""
    return len(page_json(value).encode())
