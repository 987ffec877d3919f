from django.urls import include, path

from subscriptions import sns

urlpatterns = [
    # Before Anymail's own, which does not check who signed.
    path("anymail/amazon_ses/tracking/", sns.TrackingView.as_view()),
    path("anymail/", include("anymail.urls")),
]
