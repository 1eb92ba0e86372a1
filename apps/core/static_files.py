"""Our own styles and scripts, served by the site itself."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage


class SiteStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names with a hash of the content, also inside our scripts' imports: a browser may keep every file for ever, and
    never mixes modules of two versions."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 12  # a name changes with the names of what its module imports, and theirs with theirs
    # Only our own modules: other people's bundles hold text that merely looks like an import.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )


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
