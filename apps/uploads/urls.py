from django.urls import path

from apps.uploads import views

urlpatterns = [path("media/<uuid:asset_id>", views.media, name="media")]
