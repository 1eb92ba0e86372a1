"""Our own styles and scripts, served by the site itself."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise, with its answer read at once: static files are small, and its file iterators are synchronous, which
    an ASGI server would have to collect in memory anyway, with a warning for each."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        streamed = WhiteNoiseMiddleware.serve(static_file, request)
        response = HttpResponse(b"".join(streamed), status=streamed.status_code)
        for name, value in streamed.headers.items():
            response[name] = value
        streamed.close()
        return response
