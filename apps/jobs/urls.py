from django.urls import path

from apps.jobs import views

app_name = "jobs"
urlpatterns = [
    path("jobs/<uuid:job_id>/frame/<int:number>.jpg", views.thumbnail, name="thumbnail"),
    path("jobs/<uuid:job_id>/live/<slug:stream>/<int:first>-<int:last>.mp4", views.live_pieces, name="live"),
    path("videos/<str:token>.zip", views.bundle, name="bundle"),
    path("handoff/<str:token>.zip", views.handoff, name="handoff"),
]
