"""Where staff get in, before Wagtail's own addresses of the same names."""

from django.urls import path
from django.views.decorators.cache import never_cache
from wagtail.admin.auth import require_admin_access

from newsroom.staff import password_reset, security, sign_in

urlpatterns = [
    path("login/", never_cache(sign_in.SignIn.as_view()), name="wagtailadmin_login"),
    path("login/code/", never_cache(sign_in.code), name="sign_in_code"),
    path("login/passkey/", never_cache(sign_in.passkey_options), name="passkey_options"),
    path("login/state/", never_cache(sign_in.state), name="sign_in_state"),
    path("prove/", never_cache(require_admin_access(sign_in.prove)), name="prove"),
    path("security/", never_cache(require_admin_access(security.security)), name="security"),
    path("security/app/", never_cache(require_admin_access(security.add_app)), name="add_app"),
    path(
        "security/passkey/",
        never_cache(require_admin_access(security.add_passkey)),
        name="add_passkey",
    ),
    path("password_reset/", password_reset.AskForReset.as_view()),
]
