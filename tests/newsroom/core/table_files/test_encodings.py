import pytest

from newsroom.core.table_files import encodings

GERMAN = (
    "Buchungstag;Verwendungszweck;Betrag;Begünstigter\n"
    "28.11.2026;Spende für Grüße;28,83;Jürgen\n27.11.2026;Überweisung;10,00;Straße GmbH\n"
)
FRENCH = "Date;Libellé;Montant;Bénéficiaire\n28/11/2026;Don, reçu;28,83;Hélène Lefèvre\n"
RUSSIAN = "Дата;Назначение;Сумма\n28.11.2026;Пожертвование на газету;28,83\n"
UKRAINIAN = "Дата;Призначення;Сума\n28.11.2026;Пожертва Марії Їжакевич;28,83\n"
NAMES = "Email,Name,Tag\na@example.org,Иван Петров,Москва\nb@example.org,Мария,Казань\n"


def read(content: bytes) -> str:
    encoding = encodings.of(content)
    return content.decode(encoding, encodings.errors(encoding))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp1252"), (GERMAN, "cp850"), (FRENCH, "cp1252"), (FRENCH, "cp850"),
        (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (RUSSIAN, "cp866"),
        (UKRAINIAN, "cp1251"), (UKRAINIAN, "koi8_u"),
        (NAMES, "cp1251"), (NAMES, "koi8_r"), (NAMES, "cp866"),
        ("München", "cp1252"), ("a@example.org;Jörg", "cp1252"), ("a@example.org;Jörg", "cp850"),
        ("Betrag (€);Tag\n28,83;2\n", "cp1252"), ("a@example.org;Ян\n", "cp1251"),
        ("Zoë", "cp1252"), ("Østerbro;Ås", "cp1252"), ("don’t “quote” – it", "cp1252"),
        (GERMAN, "utf-8"), (RUSSIAN, "utf-8"), (RUSSIAN, "utf-16"), (RUSSIAN, "utf-32"),
        ("", "utf-8"), ("plain", "ascii"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_say_its_encoding_is_read(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)) == text


def test_few_letters_among_many_plain_rows_are_enough() -> None:
    plain = "c@example.org,Anna,Berlin\n" * 5000
    for encoding in ("cp1252", "cp850"):
        assert read((GERMAN + plain).encode(encoding)) == GERMAN + plain


def test_a_stray_letter_does_not_make_another_encoding_of_utf_8() -> None:
    assert read(RUSSIAN.encode() + "Jörg\n".encode("cp1252") + GERMAN.encode()) == (
        RUSSIAN + "Jörg\n" + GERMAN
    )


def test_a_letter_that_the_sample_cuts_in_two_is_no_stray() -> None:
    assert encodings.of("plain Ж".encode()[:-1]) == "utf-8"


def test_what_nobody_wrote_is_read_somehow() -> None:
    assert read(bytes(range(128, 256)) * 10)
    assert read(b"\x98\x81\x8d\x8f\x90\x9d")
