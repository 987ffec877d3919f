"""The running appeal as a piece of a newsletter issue (``settings.ISSUE_BLOCKS``)."""

from wagtail.blocks import StaticBlock

APPEAL = StaticBlock(
    icon="pick",
    label="The current appeal",
    admin_text="Your current appeal for support, as it stands when the issue goes out.",
    piece_template="donations/email/appeal",
    most=1,
    asks=True,
)
