"""Passkeys (W3C: “Web Authentication, Level 3”): made on a device, kept there, bound to our name.

The challenge waits in the session between the two halves of each ceremony.
"""

import json
from base64 import b64decode, b64encode
from typing import Any

import webauthn
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils import timezone
from webauthn.helpers import exceptions, structs

from newsroom.accounts.models import SecondFactor, User
from newsroom.core.privacy import keyed_hash
from newsroom.models import Masthead
from newsroom.web.client import parsed
from newsroom.web.http import UNREADABLE

CHALLENGE = "passkey challenge"  # in the session
BAD = (exceptions.WebAuthnException, *UNREADABLE)


def host_of(request: HttpRequest) -> str:
    return split_domain_port(request.get_host())[0]


def possible_at(request: HttpRequest) -> bool:
    """Browsers make passkeys for a name, never for an address such as 127.0.0.1."""
    return parsed(host_of(request)) is None


def options_to_add(request: HttpRequest, user: User) -> str:
    """JSON for ``navigator.credentials.create``. To the device we are only the login's name."""
    options = webauthn.generate_registration_options(
        rp_id=host_of(request),
        rp_name=Masthead.load().name,
        user_id=keyed_hash(str(user.pk), "passkey user"),
        user_name=user.get_username(),
        exclude_credentials=_known(user),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
    )
    return _remember(request, options)


def options_to_use(request: HttpRequest, user: User) -> str:
    """JSON for ``navigator.credentials.get``."""
    options = webauthn.generate_authentication_options(
        rp_id=host_of(request), allow_credentials=_known(user)
    )
    return _remember(request, options)


def add(request: HttpRequest, user: User, answer: str) -> SecondFactor | None:
    """The passkey that the browser made; None when it is none, or not for us."""
    if CHALLENGE not in request.session:
        return None
    try:
        made = webauthn.verify_registration_response(credential=answer, **_expected(request))
    except BAD:
        return None
    secret = {
        "id": b64encode(made.credential_id).decode(),
        "key": b64encode(made.credential_public_key).decode(),
    }
    return SecondFactor.objects.create(
        user=user,
        kind=SecondFactor.Kind.PASSKEY,
        secret=json.dumps(secret),
        counter=made.sign_count,
    )


def check(request: HttpRequest, user: User, answer: str) -> SecondFactor | None:
    """The passkey of theirs that signed the challenge; None when none did."""
    if CHALLENGE not in request.session:
        return None
    expected = _expected(request)
    for passkey in user.second_factors.filter(kind=SecondFactor.Kind.PASSKEY):
        secret = json.loads(passkey.secret)
        try:
            if webauthn.base64url_to_bytes(json.loads(answer)["id"]) != b64decode(secret["id"]):
                continue
            proved = webauthn.verify_authentication_response(
                credential=answer,
                credential_public_key=b64decode(secret["key"]),
                credential_current_sign_count=passkey.counter,
                **expected,
            )
        except BAD:
            return None
        passkey.counter, passkey.used_on = proved.new_sign_count, timezone.localdate()
        passkey.save(update_fields=["counter", "used_on"])
        return passkey
    return None


def _known(user: User) -> list[structs.PublicKeyCredentialDescriptor]:
    secrets = user.second_factors.filter(kind=SecondFactor.Kind.PASSKEY)
    return [
        structs.PublicKeyCredentialDescriptor(id=b64decode(json.loads(one.secret)["id"]))
        for one in secrets
    ]


def _remember(request: HttpRequest, options: Any) -> str:
    request.session[CHALLENGE] = b64encode(options.challenge).decode()
    return webauthn.options_to_json(options)


def _expected(request: HttpRequest) -> dict[str, Any]:
    """Each challenge is good for one answer."""
    return {
        "expected_challenge": b64decode(request.session.pop(CHALLENGE)),
        "expected_rp_id": host_of(request),
        "expected_origin": f"{request.scheme}://{request.get_host()}",
    }
