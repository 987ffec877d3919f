from django.urls import path

from donations import own_page, views

urlpatterns = [
    path("", views.support, name="support"),
    path("checkout/", views.checkout, name="checkout"),
    path("thanks/", views.thanks, name="thanks"),
    path("thanks/<str:token>/", views.message, name="message"),
    path("manage/", own_page.manage_request, name="manage_request"),
    path("manage/<str:token>/", own_page.manage, name="manage"),
    path("manage/<str:token>/receipts/<int:pk>/", own_page.receipt, name="receipt"),
    path("manage/<str:token>/statements/<int:year>/", own_page.statement, name="statement"),
    path("manage/<str:token>/data/", own_page.data, name="own_data"),
    path("manage/<str:token>/erase/", own_page.erase, name="erase"),
    path("mend/<str:token>/", own_page.mend, name="mend"),
    path("remind-me/", views.remind_me, name="remind_me"),
    path("remind-me/cancel/<str:token>/", views.cancel_reminder, name="cancel_reminder"),
]
