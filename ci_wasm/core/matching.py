"""Matching: which function of one build is which of another, as the analyzer tells it. (base, head) -> Matching.

Functions are matched by their name without the compiler's hash, duplicates grouped and summed; what is left on both
sides by the fingerprints of its bodies: the same code under another name was renamed, which is no growth. How is in
analyzer/src/diff.rs; what it means is decided here.
"""

from __future__ import annotations

from msgspec import Struct

# Other settings for linking or inlining cut the same source into other functions; below this share, what looks new or
# gone is mostly the same code cut otherwise. Of a module with 2,300 functions, turning `lto` and one codegen unit on
# leaves 0.77, another `opt-level` 0.69, and a change of the source that added 14 % of code 0.96.
POOR_SHARE = 0.8


class Delta(Struct, frozen=True, gc=False):
    """One item's bytes on both sides; None where the item does not exist there. `renamed_from` is its name on the base.

    `retained` is what would go with a function on the head: its size and that of all that only it reaches; None where
    nothing reaches it, for a group of functions, and for what is no function.
    """

    name: str
    before: int | None
    after: int | None
    renamed_from: str | None = None
    crate: str | None = None
    retained: int | None = None

    @property
    def bytes(self) -> int:
        """How many bytes the item grew; negative where it shrank."""
        return (self.after or 0) - (self.before or 0)


class Matching(Struct, frozen=True, gc=False):
    """The functions that can be compared, by absolute change and name, and how many bytes of the code have a counterpart.

    Of a function that changed its size, the smaller size counts as `matched`; `base` and `head` are the bytes of all
    functions that were listed.
    """

    functions: tuple[Delta, ...]
    matched: int
    base: int
    head: int

    @property
    def share(self) -> float:
        """The part of the code that has a counterpart, from 0 to 1, of the side with fewer strangers.

        Code that was only added or only removed is no sign of a poor matching.
        """
        smaller = min(self.base, self.head)
        return round(self.matched / smaller, 3) if smaller else 1.0

    @property
    def is_poor(self) -> bool:
        """Whether added and removed functions mean little, because too much has no counterpart."""
        return self.share < POOR_SHARE


def group_name(name: str) -> str:
    """The name under which a function is matched: without the number, of wasm-bindgen or LLVM, that tells duplicates apart.

    As in analyzer/src/diff.rs: which of them has which number changes freely. `function[7]` has no name but its index.
    """
    if name.endswith("]"):
        plain, _, number = name[:-1].rpartition("[")
        return plain if _is_number(number) and plain and plain != "function" else name
    plain, _, number = name.rpartition(".")
    return plain if _is_number(number) and plain else name


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
