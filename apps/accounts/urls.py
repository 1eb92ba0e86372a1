"""Accounts: allauth's pages, and ours beside them."""

from django.urls import include, path

from apps.accounts import views

urlpatterns = [
    path("accounts/verification/resend/", views.resend_verification, name="account_resend_verification"),
    path("accounts/delete/", views.delete, name="account_delete"),
    path("accounts/mailbox/", views.mailbox, name="development_mailbox"),
    path("accounts/", include("allauth.account.urls")),
]
