"""The pages."""

from django.urls import path

from apps.studio import views
from apps.studio.variants import variants

urlpatterns = [
    path("", views.landing, name="landing"),
    path("start/", views.start, name="start"),
    path("library/", views.library, name="library"),
    path("guide/done/", views.guide_done, name="guide_done"),
    path("library/change/", views.library_change, name="library_change"),
    path("projects/new/", views.project_new, name="project_new"),
    path("projects/<uuid:project_id>/", views.studio, name="studio"),
    path("projects/<uuid:project_id>/variants/", variants, name="variants"),
    path("projects/<uuid:project_id>/film/", views.film_of, name="film_of"),
    path("projects/<uuid:project_id>/duplicate/", views.project_duplicate, name="project_duplicate"),
]
