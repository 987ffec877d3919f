"""What stands on receipts, by language. Another language: another entry, and ``LANGUAGES``."""

WORDS = {
    "en": {
        "receipt": "Receipt", "statement": "Contributions in", "number": "Number",
        "received": "Received on", "amount": "Amount", "rhythm": "Kind", "once": "Given once",
        "monthly": "Given monthly", "annual": "Given annually", "paid_with": "Paid with",
        "returned": "Returned", "disputed": "Taken back by the bank", "total": "Total",
        "thanks": "Thank you. You keep us independent.",
    },
    "de": {
        "receipt": "Beleg", "statement": "Beiträge im Jahr", "number": "Nummer",
        "received": "Eingegangen am", "amount": "Betrag", "rhythm": "Art", "once": "Einmalig",
        "monthly": "Monatlich", "annual": "Jährlich", "paid_with": "Bezahlt mit",
        "returned": "Zurückgezahlt", "disputed": "Von der Bank zurückgeholt", "total": "Summe",
        "thanks": "Danke. Sie halten uns unabhängig.",
    },
    "fr": {
        "receipt": "Reçu", "statement": "Contributions en", "number": "Numéro",
        "received": "Reçu le", "amount": "Montant", "rhythm": "Type", "once": "Une fois",
        "monthly": "Mensuel", "annual": "Annuel", "paid_with": "Payé avec",
        "returned": "Remboursé", "disputed": "Repris par la banque", "total": "Total",
        "thanks": "Merci. Vous nous gardez indépendants.",
    },
    "es": {
        "receipt": "Recibo", "statement": "Contribuciones en", "number": "Número",
        "received": "Recibido el", "amount": "Importe", "rhythm": "Tipo", "once": "Una vez",
        "monthly": "Mensual", "annual": "Anual", "paid_with": "Pagado con",
        "returned": "Devuelto", "disputed": "Retirado por el banco", "total": "Total",
        "thanks": "Gracias. Usted nos mantiene independientes.",
    },
    "pl": {
        "receipt": "Potwierdzenie", "statement": "Wpłaty w roku", "number": "Numer",
        "received": "Otrzymano", "amount": "Kwota", "rhythm": "Rodzaj", "once": "Jednorazowo",
        "monthly": "Co miesiąc", "annual": "Co rok", "paid_with": "Zapłacono",
        "returned": "Zwrócono", "disputed": "Cofnięte przez bank", "total": "Razem",
        "thanks": "Dziękujemy. Dzięki Państwu jesteśmy niezależni.",
    },
    "ru": {
        "receipt": "Квитанция", "statement": "Пожертвования за год", "number": "Номер",
        "received": "Получено", "amount": "Сумма", "rhythm": "Вид", "once": "Разово",
        "monthly": "Ежемесячно", "annual": "Ежегодно", "paid_with": "Оплачено",
        "returned": "Возвращено", "disputed": "Отозвано банком", "total": "Итого",
        "thanks": "Спасибо. Благодаря вам мы независимы.",
    },
}  # fmt: skip
