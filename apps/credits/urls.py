from django.urls import path

from apps.credits import views

app_name = "credits"
urlpatterns = [
    path("credits/", views.history, name="history"),
    path("credits/history.csv", views.download, name="history_csv"),
]
