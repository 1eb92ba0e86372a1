"""The websocket of one job: checks who asks, says where the job is, and forwards what happens."""

import json
import uuid
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import Http404

from apps.jobs import progress, services
from apps.jobs.models import Job

CLOSE_SIGNED_OUT = 4401
CLOSE_NOT_FOUND = 4404
CLOSE_TOO_TALKATIVE = 1008
MESSAGES_MAX = 20  # a page has nothing to say here; a few pings are forgiven


class JobConsumer(AsyncWebsocketConsumer):
    """/ws/jobs/<id>/ : sends `services.job_message` at once, again with each step, and when the job is over."""

    group = ""
    received = 0
    fraction = 0.0

    async def connect(self) -> None:
        # Accepted first: browsers only see the close code of a socket that was open.
        await self.accept()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(CLOSE_SIGNED_OUT)
            return
        self.job_id = str(self.scope["url_route"]["kwargs"]["job_id"])
        try:
            uuid.UUID(self.job_id)
            await self._fetch()
        except (Http404, ValueError):
            await self.close(CLOSE_NOT_FOUND)
            return
        # Joined before the state is read, so that nothing falls between; what comes twice does no harm.
        self.group = progress.group_name(uuid.UUID(self.job_id))
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self._send_state()

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is expected; somebody who keeps talking is hung up on."""
        self.received += 1
        if self.received > MESSAGES_MAX:
            await self.close(CLOSE_TOO_TALKATIVE)

    async def job_progress(self, event: dict[str, Any]) -> None:
        state: progress.ProgressState = event["progress"]
        if state["fraction"] < self.fraction:  # overtaken on the way: the bar only moves forward
            return
        self.fraction = state["fraction"]
        if self.job.state != Job.State.RUNNING or self.job.cancel_requested_at:  # as read when it last changed
            await self._send_state()
            return
        await self._send(services.progress_message(self.job, state))

    async def job_changed(self, event: dict[str, Any]) -> None:
        await self._send_state()

    async def _send_state(self) -> None:
        try:
            message = await self._message()
        except Http404:  # deleted meanwhile
            await self.close(CLOSE_NOT_FOUND)
            return
        self.fraction = max(self.fraction, message["fraction"])
        await self._send(message)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message))

    @database_sync_to_async
    def _fetch(self) -> None:
        self.job: Job = services.get_job_for(self.scope["user"], self.job_id)

    @database_sync_to_async
    def _message(self) -> dict[str, Any]:
        self.job = services.get_job_for(self.scope["user"], self.job_id)
        return services.job_message(self.job)
