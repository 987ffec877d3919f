from django.urls import include, path

from newsroom.mail import sns

urlpatterns = [
    # Before Anymail's own, which does not check who signed.
    path("anymail/amazon_ses/tracking/", sns.TrackingView.as_view()),
    path("anymail/", include("anymail.urls")),
]
