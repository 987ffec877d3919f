from django.urls import path

from donations.asking import views as asking_views
from donations.giving import portal, views

urlpatterns = [
    path("", views.support, name="support"),
    path("checkout/", views.checkout, name="checkout"),
    path("thanks/", views.thanks, name="thanks"),
    path("thanks/<str:token>/", views.message, name="message"),
    path("manage/", portal.manage_request, name="manage_request"),
    path("manage/<str:token>/", portal.manage, name="manage"),
    path("manage/<str:token>/receipts/<int:pk>/", portal.receipt, name="receipt"),
    path("manage/<str:token>/statements/<int:year>/", portal.statement, name="statement"),
    path("manage/<str:token>/data/", portal.data, name="own_data"),
    path("manage/<str:token>/erase/", portal.erase, name="erase"),
    path("update-payment/<str:token>/", portal.update_payment, name="update_payment"),
    path("remind-me/", asking_views.remind_me, name="remind_me"),
    path("remind-me/cancel/<str:token>/", asking_views.cancel_reminder, name="cancel_reminder"),
]
