"""Sticky comment: one per pull request and key, found by a hidden marker. (client, key, body) -> URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ci_wasm.adapters.github_client import Client, pause_after
from ci_wasm.adapters.github_refusals import Errand, Refused
from ci_wasm.errors import ConfigError, NetworkError

if TYPE_CHECKING:
    from github.IssueComment import IssueComment
    from github.NamedUser import NamedUser
    from github.Organization import Organization

_PERMISSIONS = {"contents": "read", "pull-requests": "write"}
_ATTEMPTS = 3


def marker(key: str) -> str:
    """The first line of a comment of ours: an HTML comment, which GitHub does not show.

    Raises ConfigError where `key` could close the HTML comment or break the line.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", key):
        raise ConfigError(
            f"`{key}` cannot be the key of a comment",
            cure="Use 1 to 64 letters, digits, dots, dashes and underscores; begin with a letter or a digit.",
        )
    return f"<!-- ci-wasm:{key} -->"


@dataclass(frozen=True, slots=True)
class _Carrier:
    """A comment with the marker, and all that is read of it (PyGithub asks GitHub for what is missing)."""

    comment: IssueComment
    id: int
    author: str | None
    body: str
    url: str


class StickyComment:
    """The comment of `key` on one pull request.

    Ours is a visible comment whose first line is the marker and whose author is the owner of the token: a
    person who quotes the marker is left alone, and so is a comment that somebody has hidden. Of several, the
    oldest one stays.
    """

    def __init__(self, client: Client, pull_request: int, key: str) -> None:
        self._client = client
        self._marker = marker(key)
        self._issue = client.repo.get_issue(pull_request)
        self._errand = Errand(
            f"comment on pull request #{pull_request}",
            f"pull request #{pull_request} of {client.repository}",
            _PERMISSIONS,
        )

    def put(self, body: str) -> str:
        """Create or update the comment; gives its `html_url`. Raises ForgeError or NetworkError."""
        text = body if self._is_marked(body) else f"{self._marker}\n{body}"
        return self._update(self._ours(), text) or self._create(text)

    def _is_marked(self, body: str | None) -> bool:
        return (body or "").partition("\n")[0].strip() == self._marker

    def _carriers(self) -> list[_Carrier]:
        """All pages; the oldest first."""
        found = self._client.ask(
            self._errand,
            lambda: [_carrier(each) for each in self._issue.get_comments() if self._is_marked(each.body)],
        )
        return sorted(found, key=lambda each: each.id)

    def _ours(self) -> list[_Carrier]:
        carriers = self._carriers()
        me = self._client.login() if carriers else None
        return [each for each in carriers if each.author == me and not self._is_hidden(each)]

    def _is_hidden(self, carrier: _Carrier) -> bool:
        """Whether somebody minimized the comment, or deleted it by now."""
        # PyGithub has no field for this, and `raw_data` costs a request: only our own comment is asked.
        try:
            return bool(self._client.ask(self._errand, lambda: carrier.comment.raw_data).get("minimized"))
        except Refused as refused:
            if refused.status == 404:
                return True
            raise

    def _update(self, carriers: list[_Carrier], text: str) -> str | None:
        """Edit the oldest that still exists and delete the others; None where none is left."""
        for index, carrier in enumerate(carriers):
            if self._edit(carrier, text):
                self._delete(carriers[index + 1 :])
                return carrier.url
        return None

    def _edit(self, carrier: _Carrier, text: str) -> bool:
        if _same(carrier.body, text):
            return True
        try:
            self._client.ask(self._errand, lambda: carrier.comment.edit(text))
        except Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def _delete(self, carriers: list[_Carrier]) -> None:
        for carrier in carriers:
            try:
                self._client.ask(self._errand, carrier.comment.delete)
            except Refused as refused:
                # Whoever made the same comment at the same time deletes it too.
                if refused.status != 404:
                    raise

    def _create(self, text: str) -> str:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                created = self._client.ask(self._errand, lambda: _carrier(self._issue.create_comment(text)))
            except (NetworkError, Refused) as failure:
                pause = pause_after(failure, attempt)
                if pause is None:
                    raise
                self._client.sleep(pause)
                # The comment may have been made although the answer was an error, or was lost.
                landed = self._update(self._ours(), text)
                if landed is not None:
                    return landed
                if attempt == _ATTEMPTS:
                    raise
            else:
                return self._settle(created, text)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _settle(self, created: _Carrier, text: str) -> str:
        """Agree with a job that commented at the same moment: the oldest comment stays, with our words."""
        mine = [each for each in self._carriers() if each.author == created.author]
        shown = [each for each in mine if each.id == created.id or not self._is_hidden(each)]
        return self._update(shown, text) or created.url


def _carrier(comment: IssueComment) -> _Carrier:
    """Raises TypeError where the answer is no comment."""
    # The type says that there always is a user; GitHub may send null for a deleted account.
    user: NamedUser | Organization | None = comment.user
    if not isinstance(comment.id, int) or not isinstance(comment.html_url, str):
        raise TypeError("a comment without id or URL")
    return _Carrier(comment, comment.id, user.login if user else None, comment.body or "", comment.html_url)


def _same(there: str, text: str) -> bool:
    """GitHub stores line ends as the client sent them, and strips the end of a body."""
    return there.replace("\r\n", "\n").rstrip() == text.replace("\r\n", "\n").rstrip()
