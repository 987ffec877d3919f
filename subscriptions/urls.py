from django.urls import path

from subscriptions.issues import feeds
from subscriptions.readers import views
from subscriptions.tracking import clicks

urlpatterns = [
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("preferences/<str:token>/", views.preferences, name="preferences"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("go/<int:pk>/", clicks.go, name="go"),
    path("go/<int:pk>/<int:variant>/", clicks.go, name="go_variant"),
    path("<slug:slug>/feed/", feeds.IssueFeed(), name="issue_feed"),
    path("<slug:slug>/signup/", views.sign_up, name="sign_up"),
    path("<slug:slug>/check-your-inbox/", views.check_your_inbox, name="check_your_inbox"),
]
