"""A local Stripe: the API calls we make, hosted pages to click through, signed webhooks, a clock.

A Django project of its own, which knows nothing of the newsroom; store.py says how it is told
where it lives.
"""

from pathlib import Path

from django.conf import settings

if not settings.configured:  # a test may import this below another project's settings
    settings.configure(
        SECRET_KEY="sandbox",  # signs nothing: there are no sessions
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="donations.sandbox.app",
        USE_TZ=True,
        TIME_ZONE="UTC",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [Path(__file__).parent / "templates"],
            }
        ],
        DATA_UPLOAD_MAX_MEMORY_SIZE=1_000_000,
        LOGGING_CONFIG=None,
    )

import django
from django.core.wsgi import get_wsgi_application
from django.urls import path, re_path

from . import answers, api, delivery, pages

methods, retrieve, listing = api.by_method, api.retrieve, api.list_of

WITH_A_PAGE = [
    "payments", "subscriptions", "customers", "invoices", "events", "payouts", "disputes",
]  # fmt: skip
urlpatterns = [
    path("v1/checkout/sessions", methods(GET=listing("checkout.session"), POST=api.create_session)),
    path("v1/checkout/sessions/<str:pk>", retrieve("checkout.session")),
    path("v1/checkout/sessions/<str:pk>/expire", methods(POST=api.expire_session)),
    path("v1/products", methods(POST=api.create_product)),
    path(
        "v1/products/<str:pk>",
        methods(GET=lambda raw, pk: answers.stored("product", pk), POST=api.update_product),
    ),
    path("v1/customers", methods(GET=listing("customer"))),
    path(
        "v1/customers/<str:pk>",
        methods(
            GET=lambda raw, pk: answers.stored("customer", pk),
            POST=api.update_customer,
            DELETE=api.delete_customer,
        ),
    ),
    path("v1/payment_methods/<str:pk>", retrieve("payment_method")),
    path("v1/payment_method_configurations", methods(GET=api.enabled_payment_methods)),
    path("v1/webhook_endpoints", methods(GET=api.list_webhook_endpoints)),
    path("v1/mandates/<str:pk>", retrieve("mandate")),
    path("v1/payment_intents", methods(GET=listing("payment_intent"))),
    path("v1/payment_intents/<str:pk>", retrieve("payment_intent")),
    path("v1/charges", methods(GET=listing("charge"))),
    path("v1/charges/<str:pk>", retrieve("charge")),
    path("v1/invoices", methods(GET=listing("invoice"))),
    path("v1/invoices/create_preview", methods(POST=api.preview_invoice)),
    path("v1/invoices/<str:pk>", retrieve("invoice")),
    path("v1/invoices/<str:pk>/pay", methods(POST=api.pay_invoice)),
    path("v1/coupons", methods(POST=api.create_coupon)),
    path("v1/tax_rates", methods(POST=api.create_tax_rate)),
    path("v1/invoice_payments", methods(GET=api.list_invoice_payments)),
    path("v1/invoice_payments/<str:pk>", retrieve("invoice_payment")),
    path("v1/subscriptions", methods(GET=listing("subscription"))),
    path(
        "v1/subscriptions/<str:pk>",
        methods(
            GET=lambda raw, pk: answers.stored("subscription", pk),
            POST=api.update_subscription,
            DELETE=api.cancel_subscription,
        ),
    ),
    path("v1/refunds", methods(GET=listing("refund"), POST=api.create_refund)),
    path("v1/refunds/<str:pk>", retrieve("refund")),
    path("v1/disputes", methods(GET=listing("dispute"))),
    path("v1/disputes/<str:pk>", retrieve("dispute")),
    path("v1/radar/early_fraud_warnings", methods(GET=listing("radar.early_fraud_warning"))),
    path("v1/radar/early_fraud_warnings/<str:pk>", retrieve("radar.early_fraud_warning")),
    path("v1/balance_transactions", methods(GET=listing("balance_transaction"))),
    path("v1/balance_transactions/<str:pk>", retrieve("balance_transaction")),
    path("v1/balance", methods(GET=api.get_balance)),
    path("v1/payouts", methods(GET=listing("payout"))),
    path("v1/payouts/<str:pk>", retrieve("payout")),
    path("v1/events", methods(GET=listing("event"))),
    path("v1/events/<str:pk>", retrieve("event")),
    path("v1/billing_portal/sessions", methods(POST=api.create_portal_session)),
    re_path("^v1/", methods()),
    path("c/pay/<str:pk>", pages.checkout_page),
    path("c/recover/<str:pk>", pages.recover),
    path("p/session/<str:pk>", pages.portal_page),
    path("invoice/<str:pk>", pages.invoice_page),
    path("", pages.dashboard),
    path("balance/overview", pages.balance_page),
    path("advance", pages.advance),
    path("faults", pages.inject_fault),
    path("refund", pages.refund_from_dashboard),
    path("send-again", pages.send_again),
    path("start-over", pages.start_over),
    path("dispute", pages.open_dispute),
    path("close-dispute", pages.go_on_with_dispute),
    path("undo-payout", pages.undo_payout),
    path("pay-out", pages.pay_out),
    path("fee", pages.bill_fee),
    path("rate", pages.set_rate),
    path("settle-in", pages.settle_in),
    *(path(f"{kind}/<str:pk>", pages.object_page) for kind in WITH_A_PAGE),
]

django.setup()
delivery.start()
application = get_wsgi_application()
