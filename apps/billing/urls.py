from django.urls import path

from apps.billing import views, webhooks

app_name = "billing"
urlpatterns = [
    path("credits/buy/", views.offers, name="offers"),
    path("credits/buy/pack/", views.buy_pack, name="buy_pack"),
    path("credits/buy/plan/", views.take_plan, name="take_plan"),
    path("credits/buy/change/", views.change_plan, name="change_plan"),
    path("credits/buy/portal/", views.portal, name="portal"),
    path("credits/buy/thanks/", views.plan_thanks, name="plan_thanks"),
    path("credits/buy/thanks/<uuid:payment_id>/", views.pack_thanks, name="pack_thanks"),
    path("billing/webhook/", webhooks.webhook, name="webhook"),
]
