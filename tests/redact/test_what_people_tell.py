"""Secrets as people really tell them, in English and German, and the sentences beside them that stay."""

import pytest

from bot.redact import redact

TOLD = (
    ("Passwort: Sommer 2026", "Sommer 2026", "password"),
    ("Passwort: Sommer 2026 geht nicht", "Sommer 2026", "password"),
    ("Passwort: Hund Katze Maus 12", "Hund Katze Maus 12", "password"),
    ("password: horse battery staple", "horse battery staple", "password"),
    ("my password is summer 2026", "summer 2026", "password"),
    ("mein Kennwort ist Hund Katze Maus 12.", "Hund Katze Maus 12", "password"),
    ("kennwort=geheim", "geheim", "password"),
    ("Kennwort: geheim", "geheim", "password"),
    ("password: secret", "secret", "password"),
    ("pw=falsch", "falsch", "password"),
    ("password is summer", "summer", "password"),
    ("the password is summer", "summer", "password"),
    ("Passwort ist sommer", "sommer", "password"),
    ("password: sunshine and the user is erika", "sunshine", "password"),
    ("my temporary access pass is a3bX9kQ2", "a3bX9kQ2", "password"),
    ("secret answer: fluffy", "fluffy", "password"),
    ("my security answer is fluffy the cat", "fluffy the cat", "password"),
    ("the answer to my security question is Fluffy", "Fluffy", "password"),
    ("geheime Antwort: Mausi", "Mausi", "password"),
    ("Antwort auf die Sicherheitsfrage lautet Mausi", "Mausi", "password"),
    ("client_secret=xyz~abc", "xyz~abc", "key"),
    ('{"client_secret": "xyz~abc"}', "xyz~abc", "key"),
    ("client secret: xyz~abc", "xyz~abc", "key"),
    ("der geheime Clientschlüssel ist xyz~abc1", "xyz~abc1", "key"),
    ("device code: ABCD-EFGH", "ABCD-EFGH", "code"),
    ("device code BHMWKLXQZ", "BHMWKLXQZ", "code"),
    ("the code is ABCD-EFGH", "ABCD-EFGH", "code"),
    ("der Code lautet ABCD-EFGH", "ABCD-EFGH", "code"),
    ("enter code FJC3XQ8Z at microsoft.com/devicelogin", "FJC3XQ8Z", "code"),
    ("To sign in, open microsoft.com/devicelogin and enter the code BHMWKLXQZ", "BHMWKLXQZ", "code"),
    ("my code is fjc3xq8z", "fjc3xq8z", "code"),
    ("Gerätecode ABCD1234", "ABCD1234", "code"),
    ("Geraetecode: ABCD1234", "ABCD1234", "code"),
    ("recovery code 1234-5678-9012", "1234-5678-9012", "code"),
    ("my backup codes: 1234-5678", "1234-5678", "code"),
    ("Wiederherstellungscode: 123456-654321", "123456-654321", "code"),
    ("the number on the screen is 42", "42", "code"),
    ("the number shown is 42", "42", "code"),
    ("the number on my sign-in page: 42", "42", "code"),
    ("die Zahl auf dem Bildschirm ist 42", "42", "code"),
    ("die angezeigte Zahl lautet 42", "42", "code"),
    ("I typed 83 into authenticator", "83", "code"),
    ("I entered the number 83 in the Microsoft Authenticator app", "83", "code"),
    ("I entered 83 in the app", "83", "code"),
    ("ich habe 83 in den Authenticator eingegeben", "83", "code"),
    ("ich habe die 83 in der Authenticator-App getippt", "83", "code"),
)

STAYS = (
    "password is wrong",
    "the password is case sensitive",
    "password is complicated",
    "the password is Windows 11 only",
    "Passwort: Fehler 50126",
    "Passwort: weiß nicht",
    "password: see above",
    "Passwort: siehe oben",
    "Passwort: Problem beim Anmelden",
    "password: tried it three times",
    "Passwort ist falsch und das Kennwort auch",
    "the code is AADSTS50076",
    "the code is 50076",
    "the code is CAA50024",
    "code 0xCAA5001C",
    "the code is INVALID",
    "the code is EXPIRED, it says",
    "device code REQUIRED",
    "the code goes to my iPhone15",
    "error code ABCD1234",
    "my case is HR-7K3F",
    "the code is HR-7K3F",
    "the device code flow is blocked",
    "recovery code not accepted",
    "Wiederherstellungscode wird nicht angenommen",
    "the number on my ticket is 42",
    "the number of people is 42",
    "die Nummer meines Tickets ist 42",
    "I have 12 accounts in Authenticator",
    "I have 12 mails on my phone",
    "I tried it 10 times in Authenticator",
    "secret answer: not accepted",
    "the security question is in Spanish",
    "client secret is expired",
    "client secret: wrong",
)


@pytest.mark.parametrize(("text", "secret", "kind"), TOLD)
def test_a_secret_that_somebody_tells_is_cut_and_named(text: str, secret: str, kind: str) -> None:
    """The whole of it goes, what stands around it stays, and its kind is told."""
    assert redact(text) == (text.replace(secret, f"[removed: {kind}]"), (kind,))


@pytest.mark.parametrize("text", STAYS)
def test_a_sentence_without_a_secret_stays_to_the_letter(text: str) -> None:
    """What the helpdesk needs and what everybody says is never taken for a secret."""
    assert redact(text) == (text, ())
