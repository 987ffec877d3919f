"""The demo's appeal in English and Russian, in six currencies, and one country where giving is a
crime."""

from donations.models import Appeal, AppealAmounts, Country, Frequency

# Currency -> frequency -> suggested amounts; the second is chosen at first.
AMOUNTS = {
    "usd": ("10 25 50 100", "5 10 20 50", "50 100 200 500"),
    "eur": ("10 25 50 100", "5 10 20 50", "50 100 200 500"),
    "gbp": ("10 20 50 100", "3 8 15 40", "30 80 150 400"),
    "pln": ("40 100 200", "20 40 80", "200 400 800"),
    "jpy": ("1500 3000 7000", "500 1500 3000", "7000 15000 30000"),
    "kwd": ("3 8 15", "2 3 6", "15 30 60"),
}

# Language -> headline and message; without a language for all that have no appeal of their own.
WORDS = {
    "": (
        "You read us. That is why we exist.",
        "<p>At home our work is a crime, and so is paying for it. We carry no advertising and take "
        "no money from governments. Readers abroad keep us free for readers at home.</p>"
        "<p>From {least} a month you make the next story possible.</p>",
    ),
    "ru": (
        "Вы нас читаете. Поэтому мы есть.",
        "<p>Дома наша работа — преступление, и платить за неё — тоже. У нас нет рекламы, и мы не "
        "берём денег у правительств. Читатели за границей помогают нам оставаться бесплатными для "
        "читателей дома.</p><p>От {least} в месяц — и следующая история станет возможной.</p>",
    ),
}


def load() -> None:
    for language, (title, message) in WORDS.items():
        ask(Appeal.objects.create(title=title, message=message, language=language))
    Country.objects.create(
        code="ZZ",  # for users to assign (ISO 3166)
        name="Karvia",
        warning="There we are declared “undesirable”. Giving to us is a crime there, punished with "
        "prison, and banks report payments. Please do not give from there, nor with a card issued "
        "there. Read us, and tell a friend abroad.",
    )


def ask(appeal: Appeal) -> None:
    AppealAmounts.objects.bulk_create(
        AppealAmounts(
            appeal=appeal, currency=currency, frequency=frequency, amounts=amounts,
            suggested=amounts.split()[1],
        )
        for currency, rows in AMOUNTS.items()
        for frequency, amounts in zip(Frequency.values, rows, strict=True)
    )  # fmt: skip
