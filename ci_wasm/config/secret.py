"""Secret: a text that prints as nothing but a placeholder. environment -> Secret."""

from __future__ import annotations


class Secret:
    """Holds a token so that repr(), str(), formatting, comparison and pickling give nothing away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; only the adapter that sends it calls this."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(…)" if self._text else "Secret(empty)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")
