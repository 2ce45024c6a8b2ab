"""The fixed mixed mails of the intake benchmark: median 4 KB, a third multipart, French and English, all invented."""

import random
from email.message import EmailMessage

TEXT = """bonjour rendez-vous pharmacie renouvellement ordonnance semaine merci clinique hello appointment refill
pharmacy week results thank clinic knee sleep walk question réponse téléphone hier demain matin soir docteur nurse"""
WORDS = TEXT.split()


def mails(count: int, seed: int = 7) -> list[bytes]:
    """`count` different mails, the same ones for the same seed."""
    draw = random.Random(seed)
    return [_mail(draw, number) for number in range(count)]


def author(number: int) -> str:
    """Who writes the mail of this number: by turns one of fifty patients of the clinic, and one of fifty strangers."""
    kind = "stranger" if number % 2 else "patient"
    return f"{kind}{number // 2 % 50}@patients.invalid"


def _mail(draw: random.Random, number: int) -> bytes:
    size = int(draw.lognormvariate(8.1, 0.5))
    text = " ".join(draw.choice(WORDS) for _ in range(max(size // 8, 5)))
    mail = EmailMessage()
    mail["From"] = author(number)
    mail["To"] = "messages@bench.invalid"
    mail["Subject"] = f"Question {number}"
    mail["Message-ID"] = f"<{number}.{seed_word(draw)}@patients.invalid>"
    mail.set_content(text)
    if number % 3 == 0:
        mail.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
    head = b"Authentication-Results: bench.invalid; dmarc=pass header.from=patients.invalid\r\n"
    return head + mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def seed_word(draw: random.Random) -> str:
    """A word of the generator's own, so that every run sends the same bytes."""
    return f"{draw.getrandbits(64):016x}"


def words(letters: int, seed: int) -> str:
    """So many letters of plain invented talk, the same for the same seed."""
    draw = random.Random(seed)
    return " ".join(draw.choice(WORDS) for _ in range(letters // 4))[:letters]
