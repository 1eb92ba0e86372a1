from django.urls import path

from apps.jobs import views

app_name = "jobs"
urlpatterns = [path("jobs/<uuid:job_id>/frame/<int:number>.jpg", views.thumbnail, name="thumbnail")]
