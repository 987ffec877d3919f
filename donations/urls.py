from django.urls import path

from donations import views

urlpatterns = [
    path("", views.support, name="support"),
    path("checkout/", views.checkout, name="checkout"),
    path("thanks/", views.thanks, name="thanks"),
    path("manage/", views.manage_request, name="manage_request"),
    path("manage/<str:token>/", views.manage, name="manage"),
    path("mend/<str:token>/", views.mend, name="mend"),
    path("remind-me/", views.remind_me, name="remind_me"),
    path("remind-me/cancel/<str:token>/", views.cancel_reminder, name="cancel_reminder"),
]
