"""Where finance's pages are, below /admin/."""

from django.urls import path
from wagtail.admin.auth import require_admin_access

from donations.finance import contribution, experiments, later, refund_pages
from donations.finance.balance import bank, disputes, ledger, months, offline_gifts
from donations.finance.donors import pages as donors
from donations.finance.finding import pages as finding
from donations.finance.numbers import page as numbers
from donations.finance.regular import one as regular
from donations.finance.review import block_list
from donations.finance.review import pages as reviews
from donations.finance.statements import pages as statements

urlpatterns = [
    path("review/", require_admin_access(reviews.Reviews.as_view()), name="reviews"),
    path("experiments/begin/<id:pk>/", experiments.begin_experiment, name="begin_experiment"),
    path("experiments/preview/<id:pk>/", experiments.preview_variant, name="preview_variant"),
    path("experiments/stop/<id:pk>/", experiments.stop_experiment, name="stop_experiment"),
    path("review/<id:pk>/", require_admin_access(reviews.ReviewPage.as_view()), name="review"),
    path("review/<id:pk>/decide/", reviews.decide, name="decide_review"),
    path("review/<id:pk>/answer/", reviews.answer, name="answer_review"),
    path("review/<id:pk>/own/", reviews.own, name="own_review"),
    path("review/<id:pk>/note/", reviews.note, name="note_review"),
    path(
        "review/block-list/",
        require_admin_access(block_list.BlockList.as_view()),
        name="block_list",
    ),
    path("review/block-list/<id:pk>/off/", block_list.unblock, name="unblock"),
    path("contributions/refund/<id:pk>/", refund_pages.refund, name="refund"),
    path("later/", later.LaterPage.as_view(), name="later"),
    path("bank/", require_admin_access(bank.Bank.as_view()), name="bank"),
    path("bank/<id:pk>/", require_admin_access(bank.BankLinePage.as_view()), name="bank_line"),
    path("bank/<id:pk>/explain/", bank.explain, name="explain_bank_line"),
    path("offline-gifts/", offline_gifts.record, name="offline_gift"),
    path("offline-gifts/<id:pk>/back/", offline_gifts.give_back, name="offline_gift_back"),
    path("offline-gifts/<id:pk>/document/", offline_gifts.document, name="offline_document"),
    path("months/", require_admin_access(months.Months.as_view()), name="months"),
    path("months/<name>-<int:year>.<kind>", months.report, name="year_report"),
    path("months/<int:year>-<int:month>/close/", months.close, name="close_month"),
    path("months/<int:year>-<int:month>/", months.statement, name="month_statement"),
    path("months/<int:year>-<int:month>/<kind>/", months.month_journal, name="month_journal"),
    path("contributions/note/<id:pk>/", contribution.write_note, name="write_note"),
    path("giving/", require_admin_access(numbers.Numbers.as_view()), name="giving_numbers"),
    path("giving/find/", require_admin_access(finding.Find.as_view()), name="find_gift"),
    path("giving/disputes/", require_admin_access(disputes.Disputes.as_view()), name="disputes"),
    path("giving/books/", require_admin_access(ledger.Books.as_view()), name="books"),
    path(
        "giving/books/<str:currency>/<str:account>/",
        require_admin_access(ledger.AccountPage.as_view()),
        name="account",
    ),
    path(
        "giving/booking/<id:pk>/",
        require_admin_access(ledger.BookingPage.as_view()),
        name="booking",
    ),
    path("giving/donors/<id:pk>/", require_admin_access(donors.DonorPage.as_view()), name="donor"),
    path("giving/donors/<id:pk>/address/", donors.correct_address, name="correct_address"),
    path("giving/donors/<id:pk>/merge/", donors.merge_donors, name="merge_donors"),
    path("giving/donors/<id:pk>/mail/", donors.mail_donor, name="mail_donor"),
    path("giving/donors/<id:pk>/statements/<int:year>/", donors.statement_of, name="statement_of"),
    path(
        "giving/statements/",
        require_admin_access(statements.Statements.as_view()),
        name="statements",
    ),
    path("giving/statements/<int:year>/preview/", statements.preview, name="statements_preview"),
    path("giving/statements/<int:year>/send/", statements.send, name="statements_send"),
    path("giving/statements/<int:year>/again/", statements.again, name="statements_again"),
    path("giving/receipts/<id:pk>/", donors.receipt_of, name="receipt_of"),
    path("regular/change/<id:pk>/", regular.change_regular, name="change_regular"),
]
