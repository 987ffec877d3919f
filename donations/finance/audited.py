"""What the log says of finance's pages: who looked, who changed what, and why."""

from donations.finance.common.access import IDENTITIES
from newsroom.staff.audited import Audited, crud

# Why money went back, or a review was decided, is kept beside it, sealed: this log forgets nothing.
AUDITED = {
    **crud("appeals", "an appeal"),
    **crud("countries", "a closed country"),
    **crud("experiments", "an experiment"),
    "experiments:inspect": Audited(look="looked at an experiment"),
    "preview_variant": Audited(look="previewed an appeal of an experiment"),
    "begin_experiment": Audited(change="began an experiment, or asked to"),
    "stop_experiment": Audited(change="stopped an experiment, or asked to", why="goes_on"),
    "contributions:index": Audited(look="listed contributions"),
    "contributions:index_results": Audited(look="listed contributions"),
    "movements:index": Audited(look="listed movements of money"),
    "movements:index_results": Audited(look="listed movements of money"),
    "contributions:inspect": Audited(look="looked at a contribution"),
    "later": Audited(look="looked at what “later” is worth"),
    "regular:index": Audited(look="listed recurring contributions"),
    "regular:index_results": Audited(look="listed recurring contributions"),
    "regular:inspect": Audited(look="looked at a recurring contribution"),
    "change_regular": Audited(
        change="changed what a donor gives regularly, or asked to", shows=True
    ),
    "find_gift": Audited(change="looked for a gift", shows=True),
    "donor": Audited(look="looked at a donor"),
    "correct_address": Audited(change="corrected a donor’s address", why="why", names=IDENTITIES),
    "merge_donors": Audited(
        change="merged donors, or asked to", why="why", names=IDENTITIES, shows=True
    ),
    "mail_donor": Audited(change="mailed a donor a receipt or a statement"),
    "statement_of": Audited(look="downloaded a donor’s statement"),
    "receipt_of": Audited(look="downloaded a receipt"),
    "write_note": Audited(change="wrote a note"),
    "disputes": Audited(look="listed disputes"),
    "reviews": Audited(look="listed what is to review"),
    "refund": Audited(change="gave money back, or asked to"),
    "bank": Audited(look="looked at the bank’s lines", change="brought a bank statement"),
    "bank_line": Audited(look="looked at a line of the bank’s"),
    "explain_bank_line": Audited(change="explained a line of the bank’s", why="do"),
    "offline_gift": Audited(change="wrote down a gift without Stripe"),
    "offline_gift_back": Audited(change="wrote down that a gift went back"),
    "offline_document": Audited(look="took a gift’s document"),
    "months": Audited(look="looked at the months of the books"),
    "close_month": Audited(change="closed a month of the books"),
    "year_report": Audited(look="took a report of a year"),
    "month_statement": Audited(look="took a month’s statement"),
    "month_journal": Audited(look="took a month’s journal"),
    "review": Audited(look="looked at a review"),
    "decide_review": Audited(change="decided a review, or asked to", shows=True),
    "answer_review": Audited(change="approved or declined what was proposed"),
    "own_review": Audited(change="took a review, gave it back or handed it over"),
    "note_review": Audited(change="wrote a note beside a review"),
    "statements_preview": Audited(look="looked at a donor’s statement"),
    "statements_send": Audited(change="mailed a year’s statements, or asked to", shows=True),
    "statements_again": Audited(change="mailed statements that had failed again"),
    "block_list": Audited(
        look="looked at the block list", change="put something on the block list"
    ),
    "unblock": Audited(change="took something off the block list"),
}
