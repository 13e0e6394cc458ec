"""Body: a request's body that knows whether it was read to its end. Receive -> Receive."""

from __future__ import annotations

from starlette.types import Message, Receive

_DRAIN_MAX = 1024**3


class Body:
    """An ASGI `receive` that can be drained.

    A client that still sends does not read the answer, and would report a broken pipe instead of what the answer says.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def __call__(self) -> Message:
        """The next message."""
        message = await self._receive()
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read what is left, up to 1 GiB."""
        unread = _DRAIN_MAX
        while not self._ended and unread > 0:
            unread -= len((await self()).get("body", b""))
