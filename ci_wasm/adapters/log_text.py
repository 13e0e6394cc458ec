"""Log text: foreign text as lines that neither a runner nor a terminal obeys. text -> lines.

What the runner obeys: `::command::` at the start of a line after white space, and the older `##[command]`
anywhere in it (https://github.com/actions/runner, src/Runner.Common/ActionCommand.cs). What a terminal obeys:
control characters. What deceives a reader: characters that reorder the text or take no space.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

PREFIX = "| "

# ECMA-48: control sequences (CSI), strings (OSC, DCS, SOS, PM, APC) and the two-character escapes.
_ESCAPE = r"\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]?"
# A carriage return begins a line for the runner; so do these for some viewers of logs.
_LINE_END = r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]"
# C0 without tab, DEL, C1, invisible and reordering format characters, lone surrogates.
_UNSEEN = (
    r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_compiled: list[re.Pattern[str]] = []


def plain(text: str) -> str:
    r"""The text without escape sequences and unseen characters; its lines end in `\n`."""
    # A run with nothing to do prints one such line, and need not import `re` for it.
    if text.isascii() and text.isprintable():
        return text
    escape, line_end, unseen = _patterns()
    return unseen.sub("", line_end.sub("\n", escape.sub("", text)))


def harmless(text: str) -> list[str]:
    """The lines of a foreign text, each of them marked as quoted."""
    lines = plain(text).split("\n")
    if lines[-1] == "":
        lines.pop()
    return [PREFIX + disarmed(line) for line in lines]


def disarmed(line: str) -> str:
    """A line in which the runner finds no command of the older form.

    A visible character parts the marker: .NET compares by culture here, and passes over invisible ones.
    """
    return line.replace("##[", "##\\[")


def _patterns() -> list[re.Pattern[str]]:
    import re

    if not _compiled:
        _compiled.extend(re.compile(pattern) for pattern in (_ESCAPE, _LINE_END, _UNSEEN))
    return _compiled
