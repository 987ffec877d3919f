from django.urls import path

from donations import webhook

urlpatterns = [path("stripe/", webhook.stripe_webhook, name="stripe_webhook")]
