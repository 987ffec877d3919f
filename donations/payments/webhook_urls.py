from django.urls import path

from donations.payments import webhook

urlpatterns = [path("stripe/", webhook.stripe_webhook, name="stripe_webhook")]
