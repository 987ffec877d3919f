from django.urls import path

from subscriptions.issues import feeds
from subscriptions.readers import views
from subscriptions.tracking import clicks

urlpatterns = [
    path("confirm/<token:token>/", views.confirm, name="confirm"),
    path("seed/<token:token>/", views.agree_to_seed, name="agree_to_seed"),
    path("preferences/<token:token>/", views.preferences, name="preferences"),
    path("unsubscribe/<token:token>/", views.unsubscribe, name="unsubscribe"),
    path("go/<id:pk>/", clicks.go, name="go"),
    path("go/<id:pk>/<id:variant>/", clicks.go, name="go_variant"),
    path("<page:slug>/feed/", feeds.IssueFeed(), name="issue_feed"),
    path("<page:slug>/signup/", views.sign_up, name="sign_up"),
    path("<page:slug>/check-your-inbox/", views.check_your_inbox, name="check_your_inbox"),
]
