from django.urls import path

from newsroom.kept_pages.noting import may_be_kept
from subscriptions.issues import feeds
from subscriptions.readers import own_page, views
from subscriptions.tracking import clicks

urlpatterns = [
    path("confirm/<token:token>/", views.confirm, name="confirm"),
    path("seed/<token:token>/", views.agree_to_seed, name="agree_to_seed"),
    path("preferences/<token:token>/", own_page.preferences, name="preferences"),
    path("preferences/<token:token>/address/", own_page.address, name="new_address"),
    path("preferences/<token:token>/data/", own_page.ask_for_data, name="ask_for_data"),
    path("preferences/<token:token>/erase/", own_page.erase, name="erase_reader"),
    path("address/<token:token>/", own_page.confirm_address, name="address"),
    path("still-reading/<token:token>/", own_page.still_reading, name="still_reading"),
    path("data/<token:token>/", own_page.data, name="reader_data"),
    path("unsubscribe/<token:token>/", views.unsubscribe, name="unsubscribe"),
    path("unsubscribe/<token:token>/why/", own_page.why, name="why"),
    path("go/<id:pk>/", clicks.go, name="go"),
    path("go/<id:pk>/<id:variant>/", clicks.go, name="go_variant"),
    path("signup/", views.sign_up, name="sign_up_for_all"),
    path("api/signup/", views.sign_up_by_app, name="sign_up_by_app"),
    path("almost/", views.ask_once_more, name="ask_once_more"),
    path("check-your-inbox/", views.check_your_inbox, name="check_your_inbox_for_all"),
    path("<page:slug>/feed/", may_be_kept(feeds.IssueFeed()), name="issue_feed"),
    path("<page:slug>/signup/", views.sign_up, name="sign_up"),
    path("<page:slug>/check-your-inbox/", views.check_your_inbox, name="check_your_inbox"),
]
