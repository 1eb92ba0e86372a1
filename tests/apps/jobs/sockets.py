"""The other end of a websocket, for tests (the one that comes with channels needs a second server installed)."""

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator


class Socket(ApplicationCommunicator):
    """A websocket client of an ASGI application, signed in as `user`."""

    def __init__(self, application: Any, path: str, user: Any) -> None:
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "user": user,
        }
        super().__init__(application, scope)

    async def open(self) -> None:
        await self.send_input({"type": "websocket.connect"})
        assert (await self.receive_output(timeout=3))["type"] == "websocket.accept"

    async def receive_json(self) -> dict[str, Any]:
        message = await self.receive_output(timeout=3)
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def say(self, *, text: str | None = None, data: bytes | None = None) -> None:
        content = {"text": text} if text is not None else {"bytes": data}
        await self.send_input({"type": "websocket.receive", **content})

    async def close_code(self) -> int:
        message = await self.receive_output(timeout=3)
        assert message["type"] == "websocket.close", message
        return int(message["code"])

    async def leave(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=3)
