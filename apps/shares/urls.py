from django.urls import path

from apps.shares import views

urlpatterns = [path("v/<slug:token>/", views.shared, name="shared")]
