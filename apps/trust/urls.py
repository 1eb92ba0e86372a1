from django.urls import path

from apps.trust import views

urlpatterns = [
    path("made-here/", views.made_here, name="made_here"),
    path("made-here/<uuid:inquiry_id>/", views.inquiry, name="inquiry"),
    path("report/", views.report, name="report"),
    path("report/<str:reference>/", views.report_status, name="report_status"),
    *(path(f"{slug}/", views.legal, {"slug": slug}, name=slug) for slug in ("terms", "privacy", "acceptable-use")),
    path("accounts/data/", views.your_data, name="your_data"),
    path("accounts/data/order/", views.order_data, name="order_data"),
    path("accounts/data/letters/", views.letters, name="letters"),
    path("accounts/data/statements.csv", views.statements_csv, name="statements_csv"),
    path("accounts/data/<uuid:archive_id>.zip", views.download_data, name="download_data"),
]
