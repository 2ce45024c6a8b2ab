"""Knowing our own words again in an answer, without keeping them in clear."""

from hypothesis import given, settings
from hypothesis import strategies as st

from keys.fingerprints import FINGERPRINT_BYTES, line_fingerprints
from keys.tokens import new_reply_token

TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
SENT = ["Bonjour Rose,", "Votre renouvellement est prêt\u00a0: passez à la pharmacie.", "", "L'équipe"]


@given(lines=st.lists(st.text(max_size=40), max_size=8))
@settings(max_examples=60)
def test_every_line_has_one_fingerprint_in_order(lines: list[str]) -> None:
    """Fingerprints stand in the order of the lines, eight bytes each, the same each time [EIN-17]."""
    found = line_fingerprints(TOKEN, lines)
    assert found == tuple(line_fingerprints(TOKEN, [line])[0] for line in lines)
    assert all(len(one) == FINGERPRINT_BYTES == 8 for one in found)


@given(line=st.sampled_from(SENT), mark=st.sampled_from(["> ", ">> ", "> > ", ">", "  ", "| ", "\t"]))
@settings(max_examples=40)
def test_a_quoted_line_is_known_again(line: str, mark: str) -> None:
    """Quote marks, changed spaces, changed case and composed accents do not hide our own line [EIN-17]."""
    quoted = mark + line.replace(" ", "  ").replace("\u00a0", " ").replace("ê", "e\u0302").upper() + " "
    assert line_fingerprints(TOKEN, [quoted]) == line_fingerprints(TOKEN, [line])


def test_letters_with_two_lower_forms_are_one() -> None:
    """An ß that a mailer wrote as SS, and a ligature, are folded as well [EIN-17]."""
    assert line_fingerprints(TOKEN, ["Rue Strauß, ﬁn"]) == line_fingerprints(TOKEN, ["RUE STRAUSS, FIN"])


def test_a_changed_word_is_not_our_line() -> None:
    """A line with one more word, where a patient wrote into our text, is not taken for ours [EIN-17]."""
    changed = ["Bonjour Rose, j'ai mal", SENT[1].replace("est prêt", "est pas prêt"), "L'équipe?"]
    assert not set(changed) & set(SENT)
    assert not set(line_fingerprints(TOKEN, changed)) & set(line_fingerprints(TOKEN, SENT))


def test_the_same_line_in_two_threads_has_unrelated_fingerprints() -> None:
    """The key is the thread's reply token: two threads cannot be compared, and a guess needs the token [SEC-05]."""
    ours, others = line_fingerprints(TOKEN, SENT), line_fingerprints(new_reply_token(), SENT)
    assert not set(ours) & set(others)


def test_a_token_folded_by_a_mailer_still_works() -> None:
    """A mailer that changes the case of a local part changes nothing [EIN-17]."""
    assert line_fingerprints(TOKEN.upper(), SENT) == line_fingerprints(TOKEN, SENT)
