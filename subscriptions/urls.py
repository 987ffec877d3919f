from django.urls import path

from subscriptions import views

urlpatterns = [
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("preferences/<str:token>/", views.preferences, name="preferences"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("<slug:slug>/signup/", views.sign_up, name="sign_up"),
    path("<slug:slug>/check-your-inbox/", views.check_your_inbox, name="check_your_inbox"),
]
