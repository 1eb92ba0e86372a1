"""Websocket addresses; `apps.config.asgi` puts them behind the session."""

from django.urls import path

from apps.jobs.consumers import JobConsumer

websocket_urlpatterns = [path("ws/jobs/<str:job_id>/", JobConsumer.as_asgi())]
