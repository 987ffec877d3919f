from django.urls import path

from donations.asking import views as asking_views
from donations.giving import portal, views

urlpatterns = [
    path("", views.support, name="support"),
    path("checkout/", views.checkout, name="checkout"),
    path("back/<token:token>/", views.back, name="back"),
    path("thanks/", views.thanks, name="thanks"),
    path("thanks/<token:token>/", views.message, name="message"),
    path("manage/", portal.manage_request, name="manage_request"),
    path("manage/<token:token>/", portal.manage, name="manage"),
    path("manage/<token:token>/receipts/<id:pk>/", portal.receipt, name="receipt"),
    path("manage/<token:token>/statements/<int:year>/", portal.statement, name="statement"),
    path("manage/<token:token>/data/", portal.data, name="own_data"),
    path("manage/<token:token>/erase/", portal.erase, name="erase"),
    path("update-payment/<token:token>/", portal.update_payment, name="update_payment"),
    path("not-now/", asking_views.not_now, name="not_now"),
    path("remind-me/", asking_views.remind_me, name="remind_me"),
    *(
        path(
            f"remind-me/{what.name}/<token:token>/",
            asking_views.press,
            {"what": what},
            f"{what.name}_reminder",
        )
        for what in (asking_views.CONFIRM, asking_views.POSTPONE, asking_views.CANCEL)
    ),
    path("remind-me/give/<token:token>/", asking_views.give_now, name="give_now"),
]
