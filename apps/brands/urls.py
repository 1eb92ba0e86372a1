from django.urls import path

from apps.brands import views

urlpatterns = [
    path("accounts/brand/", views.brand, name="brand"),
]
