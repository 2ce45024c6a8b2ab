"""Recovery: any m of n shares open, m - 1 do not, and a mistyped share is named."""

from itertools import combinations, permutations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import recovery
from keys.recovery import RecoverySet, SealedSubset
from keys.suite import KeysError, WrongSecretError

CLINIC = UUID(int=61)
TWO_OF_THREE = recovery.create(2, 3, CLINIC)


@pytest.mark.parametrize(("needed", "total"), [(1, 1), (1, 3), (2, 2), (2, 3), (3, 5), (4, 4), (2, 9)])
def test_every_set_of_m_shares_opens_and_no_smaller_one_does(needed: int, total: int) -> None:
    """Each m of the n shares give the recovery key; m - 1 of them give nothing [SEC-04]."""
    made = recovery.create(needed, total, CLINIC)
    assert len(made.shares) == total
    for chosen in combinations(made.shares, needed):
        assert recovery.combine(chosen, made.subsets, CLINIC) == made.private
    for chosen in combinations(made.shares, needed - 1):
        with pytest.raises(WrongSecretError):
            recovery.combine(chosen, made.subsets, CLINIC)
    assert made.private.public() == made.public


def test_shares_open_in_any_order_and_all_together() -> None:
    """Order does not matter, nor that more shares come than are needed [SEC-04]."""
    for order in permutations(TWO_OF_THREE.shares):
        assert recovery.combine(order, TWO_OF_THREE.subsets, CLINIC) == TWO_OF_THREE.private
    assert recovery.combine([*TWO_OF_THREE.shares] * 2, TWO_OF_THREE.subsets, CLINIC) == TWO_OF_THREE.private


def test_a_share_given_twice_counts_once() -> None:
    """One share repeated is still one share [SEC-04]."""
    with pytest.raises(WrongSecretError, match="1 different shares were given; this recovery key needs 2"):
        recovery.combine([TWO_OF_THREE.shares[0]] * 2, TWO_OF_THREE.subsets, CLINIC)


@pytest.mark.parametrize("total", [0, 1, 10])
def test_an_impossible_number_of_shares_is_refused(total: int) -> None:
    """More needed than printed, none at all, or more than nine is refused [SEC-04]."""
    with pytest.raises(KeysError):
        recovery.create(2, total, CLINIC)
    with pytest.raises(KeysError):
        recovery.create(0, 3, CLINIC)


@given(place=st.integers(2, 70), letter=st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
@settings(max_examples=80, deadline=None)
def test_a_mistyped_letter_is_noticed_and_the_share_named(place: int, letter: str) -> None:
    """One wrong letter is caught by the share's checksum, before any key is tried [SEC-04]."""
    share = TWO_OF_THREE.shares[1]
    at = place % len(share)
    if at < 2 or share[at] in {"-", letter}:
        return
    with pytest.raises(WrongSecretError, match="share number 2 was mistyped"):
        recovery.combine(
            [TWO_OF_THREE.shares[0], share[:at] + letter + share[at + 1 :]], TWO_OF_THREE.subsets, CLINIC
        )


def test_a_wrong_share_number_is_noticed() -> None:
    """The number on a share is covered by its checksum [SEC-04]."""
    renumbered = "3" + TWO_OF_THREE.shares[1][1:]
    with pytest.raises(WrongSecretError, match="share number 3 was mistyped"):
        recovery.combine([TWO_OF_THREE.shares[0], renumbered], TWO_OF_THREE.subsets, CLINIC)


def test_swapped_groups_are_noticed() -> None:
    """Two groups copied in the wrong order are caught [SEC-04]."""
    number, *groups = TWO_OF_THREE.shares[0].split("-")
    swapped = "-".join([number, groups[1], groups[0], *groups[2:]])
    with pytest.raises(WrongSecretError, match="share number 1 was mistyped"):
        recovery.combine([swapped, TWO_OF_THREE.shares[1]], TWO_OF_THREE.subsets, CLINIC)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "does not begin with its number"),
        ("ABCD-EFGH", "does not begin with its number"),
        ("0-ABCD", "does not begin with its number"),
        ("2-ABCD-EFGH", "share number 2 cannot be read: .* not 8"),
        ("2-" + "U" * 56, "share number 2 cannot be read: .* letter U"),
    ],
)
def test_what_is_no_share_is_refused_in_words_that_help(typed: str, why: str) -> None:
    """An unreadable share says which one it is and what is wrong with it [SEC-04]."""
    with pytest.raises(WrongSecretError, match=why):
        recovery.combine([TWO_OF_THREE.shares[0], typed], TWO_OF_THREE.subsets, CLINIC)


@given(typed=st.text(max_size=80))
@settings(max_examples=80, deadline=None)
def test_garbage_is_a_wrong_share_and_nothing_worse(typed: str) -> None:
    """Whatever is typed, the error is that of a wrong share [SEC-04]."""
    with pytest.raises(WrongSecretError):
        recovery.combine([TWO_OF_THREE.shares[0], typed], TWO_OF_THREE.subsets, CLINIC)


def test_a_share_is_read_in_lower_case_with_spaces() -> None:
    """Shares are typed back as people type [SEC-04]."""
    typed = [share.lower().replace("-", " ").replace("0", "o") for share in TWO_OF_THREE.shares[:2]]
    assert recovery.combine(typed, TWO_OF_THREE.subsets, CLINIC) == TWO_OF_THREE.private


def test_a_share_of_another_printing_spoils_only_the_sets_it_is_in() -> None:
    """With shares to spare the right ones open; without, the error says they do not belong together [SEC-04]."""
    other = recovery.create(2, 3, CLINIC)
    mixed = [other.shares[0], *TWO_OF_THREE.shares[1:]]
    assert recovery.combine(mixed, TWO_OF_THREE.subsets, CLINIC) == TWO_OF_THREE.private
    with pytest.raises(WrongSecretError, match="do not belong together"):
        recovery.combine(mixed[:2], TWO_OF_THREE.subsets, CLINIC)


def test_every_share_of_a_set_counts() -> None:
    """One right share with a stranger's well-formed one opens nothing, whichever of the set is right [SEC-04]."""
    made, other = recovery.create(3, 3, CLINIC), recovery.create(3, 3, CLINIC)
    for place in range(3):
        shares = [*made.shares]
        shares[place] = other.shares[place]
        with pytest.raises(WrongSecretError, match="do not belong together"):
            recovery.combine(shares, made.subsets, CLINIC)


def test_two_different_shares_of_one_number_are_refused() -> None:
    """A share number given twice with different letters is asked about, not guessed [SEC-04]."""
    other = recovery.create(2, 3, CLINIC)
    with pytest.raises(WrongSecretError, match="number 1 was given twice"):
        recovery.combine([TWO_OF_THREE.shares[0], other.shares[0]], TWO_OF_THREE.subsets, CLINIC)


def test_sealed_sets_are_bound_to_their_clinic_and_members() -> None:
    """A sealed set moved to another clinic, or renamed, does not open [SEC-02]."""
    with pytest.raises(WrongSecretError, match="do not belong together"):
        recovery.combine(TWO_OF_THREE.shares, TWO_OF_THREE.subsets, UUID(int=99))
    by_members = {subset.members: subset.blob for subset in TWO_OF_THREE.subsets}
    renamed = SealedSubset(members=(1, 2), blob=by_members[2, 3])
    with pytest.raises(WrongSecretError):
        recovery.combine(TWO_OF_THREE.shares, [renamed], CLINIC)


def test_without_any_sealed_set_nothing_opens() -> None:
    """Shares alone, without what is stored, give nothing: thieves need both [SEC-04]."""
    with pytest.raises(WrongSecretError):
        recovery.combine(TWO_OF_THREE.shares, [], CLINIC)


def test_a_recovery_set_prints_no_share() -> None:
    """Printing a recovery set shows no share and no key [SEC-04]."""
    assert isinstance(TWO_OF_THREE, RecoverySet)
    shown = repr(TWO_OF_THREE)
    assert not any(share[2:6] in shown for share in TWO_OF_THREE.shares)
    assert TWO_OF_THREE.private.seed.hex() not in shown
