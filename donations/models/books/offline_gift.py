"""What came without Stripe: by bank, in cash, as a cheque, as the proceeds of crypto."""

from django.db import models

from donations.models.contribution import Contribution
from newsroom.core.privacy import EncryptedField

from .at_bank import BankLine
from .booking import Booking


class OfflineGiftQuerySet(models.QuerySet["OfflineGift"]):
    def forget(self) -> None:
        """Whoever gave: amount, day and number stay for the accounts."""
        BankLine.objects.filter(gifts__in=self).update(text="")
        GiftDocument.objects.filter(gift__in=self).delete()
        self.update(**dict.fromkeys(OfflineGift.PERSONAL, ""))


class OfflineGift(models.Model):
    """Beside its contribution, which has a receipt and counts as any other: what only a person
    knows of it."""

    class Kind(models.TextChoices):
        BANK = "bank", "Bank transfer"
        CASH = "cash", "Cash"
        CHEQUE = "cheque", "Cheque"
        CRYPTO = "crypto", "Proceeds of crypto"

    PERSONAL = ["name", "company", "address", "purpose", "in_honour_of", "note"]

    contribution = models.OneToOneField(
        Contribution, on_delete=models.PROTECT, related_name="offline"
    )
    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="offline_gift")
    bank_line = models.ForeignKey(
        BankLine,
        null=True,
        on_delete=models.PROTECT,
        related_name="gifts",
        help_text="With which it came to the bank, perhaps with others: cash, cheques.",
    )
    kind = models.CharField(max_length=8, choices=Kind)
    name = EncryptedField(context="offline_gift.name", blank=True)
    company = EncryptedField(context="offline_gift.company", blank=True)
    address = EncryptedField(context="offline_gift.address", blank=True)
    purpose = EncryptedField(context="offline_gift.purpose", blank=True)
    in_honour_of = EncryptedField(context="offline_gift.in_honour_of", blank=True)
    note = EncryptedField(context="offline_gift.note", blank=True)
    who = models.CharField(max_length=150, help_text="Wrote it down.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OfflineGiftQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.contribution.shown_amount}"

    @property
    def about(self) -> dict[str, str]:
        """What is known of it besides the amount, for whoever gave it."""
        return {name: getattr(self, name) for name in self.PERSONAL}


class GiftDocument(models.Model):
    """A photo of a cheque, a letter. In a table of its own: no list of gifts reads megabytes."""

    gift = models.OneToOneField(OfflineGift, on_delete=models.CASCADE, related_name="document")
    name = EncryptedField(context="gift_document.name")
    content = EncryptedField(context="gift_document.content", help_text="As base64.")

    def __str__(self) -> str:
        return f"document of gift {self.gift_id}"
