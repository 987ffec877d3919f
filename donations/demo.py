"""The demo's appeal, in six currencies."""

from donations.models import Appeal, AppealAmounts, Frequency

# Currency -> frequency -> suggested amounts in the smallest unit; the second is chosen at first.
AMOUNTS = {
    "usd": ([1000, 2500, 5000, 10000], [500, 1000, 2000, 5000], [5000, 10000, 20000, 50000]),
    "eur": ([1000, 2500, 5000, 10000], [500, 1000, 2000, 5000], [5000, 10000, 20000, 50000]),
    "gbp": ([1000, 2000, 5000, 10000], [300, 800, 1500, 4000], [3000, 8000, 15000, 40000]),
    "pln": ([4000, 10000, 20000], [2000, 4000, 8000], [20000, 40000, 80000]),
    "jpy": ([1500, 3000, 7000], [500, 1500, 3000], [7000, 15000, 30000]),
    "kwd": ([3000, 8000, 15000], [2000, 3000, 6000], [15000, 30000, 60000]),
}


def load() -> None:
    appeal = Appeal(
        title="You read us. That is why we exist.",
        message="At home our work is a crime, and so is paying for it. We carry no advertising and "
        "take no money from governments. Readers abroad keep us free for readers at home.\n\n"
        "From $2 a month you make the next story possible.",
    )
    appeal.save()
    for currency, rows in AMOUNTS.items():
        for frequency, amounts in zip(Frequency.values, rows, strict=True):
            AppealAmounts.objects.create(
                appeal=appeal,
                currency=currency,
                frequency=frequency,
                amounts=amounts,
                suggested=amounts[1],
            )
