"""What our middleware shares: it runs in synchronous and asynchronous sites alike."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse


class EitherWayMiddleware(ABC):
    """Calls `_answer`, or awaits `_answer_async` where what comes after it is asynchronous."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        return self._answer_async(request) if iscoroutinefunction(self) else self._answer(request)

    @abstractmethod
    def _answer(self, request: HttpRequest) -> HttpResponse:
        """What a synchronous site answers."""

    @abstractmethod
    async def _answer_async(self, request: HttpRequest) -> HttpResponse:
        """The same of an asynchronous one."""
