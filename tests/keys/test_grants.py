"""Shared keys: the grant is the membership, and rotation leaves the leaver behind."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import envelope, grants
from keys.envelope import Context, HolderKey
from keys.suite import KeysError, OpenError, PrivateKey, new_private_key

TEAM = UUID(int=50)
PEOPLE = [PrivateKey(seed=bytes([n]) * 32) for n in range(1, 5)]
HOLDERS = [HolderKey(id=UUID(int=n), version=1, public=key.public()) for n, key in enumerate(PEOPLE, start=1)]


@given(members=st.sets(st.sampled_from(range(4)), min_size=1))
@settings(max_examples=15, deadline=None)
def test_every_member_and_nobody_else_reaches_the_shared_key(members: set[int]) -> None:
    """A shared key is reached by each of its holders, and by none of the others [SEC-01]."""
    clinic = UUID(int=8)
    shared = grants.new_shared_key(TEAM, 1, [HOLDERS[n] for n in sorted(members)], clinic)
    assert {grant.holder for grant in shared.grants} == {HOLDERS[n].id for n in members}
    for given_to in shared.grants:
        for holder, person in zip(HOLDERS, PEOPLE, strict=True):
            if holder.id == given_to.holder:
                assert grants.accept(given_to, person, clinic) == shared.private
            else:
                with pytest.raises(OpenError):
                    grants.accept(given_to, person, clinic)


def test_the_public_side_of_a_shared_key_matches_its_private_half(clinic: UUID) -> None:
    """What is published is what the grants open [SEC-03]."""
    shared = grants.new_shared_key(TEAM, 4, HOLDERS[:1], clinic)
    assert shared.holder == HolderKey(id=TEAM, version=4, public=shared.private.public())
    assert all((grant.key, grant.version) == (TEAM, 4) for grant in shared.grants)


def test_a_removed_member_keeps_the_old_version_and_never_gets_the_new(clinic: UUID, context: Context) -> None:
    """After rotation old messages open for those who had them; new ones do not open for the leaver [SEC-03]."""
    before = grants.new_shared_key(TEAM, 1, HOLDERS[:2], clinic)
    after = grants.new_shared_key(TEAM, 2, HOLDERS[:1], clinic)
    stayed, left = PEOPLE[0], PEOPLE[1]
    key = envelope.new_content_key(UUID(int=60))
    old, new = (envelope.wrap_content_key(key, shared.holder, clinic) for shared in (before, after))

    for person, grant in zip((stayed, left), before.grants, strict=True):
        assert envelope.unwrap_content_key(old, grants.accept(grant, person, clinic), clinic) == key
    assert envelope.unwrap_content_key(new, grants.accept(after.grants[0], stayed, clinic), clinic) == key
    with pytest.raises(OpenError):
        grants.accept(after.grants[0], left, clinic)
    with pytest.raises(OpenError):
        envelope.unwrap_content_key(new, grants.accept(before.grants[1], left, clinic), clinic)


def test_rotation_needs_only_public_keys(clinic: UUID) -> None:
    """A new version is made with nobody signed in: from public keys, it opens for each private half [SEC-03]."""
    public_only = [HolderKey(id=h.id, version=h.version, public=h.public) for h in HOLDERS[:3]]
    shared = grants.new_shared_key(TEAM, 2, public_only, clinic)
    opened = [grants.accept(g, p, clinic) for g, p in zip(shared.grants, PEOPLE, strict=False)]
    assert opened == [shared.private] * 3


def test_a_holder_can_admit_a_newcomer(clinic: UUID) -> None:
    """Whoever holds a shared key can grant it on, to a whole chain account, team, record [SEC-01]."""
    team = grants.new_shared_key(TEAM, 1, HOLDERS[:1], clinic)
    record = grants.new_shared_key(UUID(int=70), 1, [team.holder], clinic)
    held = grants.accept(team.grants[0], PEOPLE[0], clinic)
    admitted = grants.grant(held, TEAM, 1, HOLDERS[3], clinic)
    as_newcomer = grants.accept(admitted, PEOPLE[3], clinic)
    assert grants.accept(record.grants[0], as_newcomer, clinic) == record.private


def test_the_last_holder_cannot_be_removed(clinic: UUID) -> None:
    """A rotation to nobody is refused, for what it seals would be lost [SEC-03]."""
    with pytest.raises(KeysError, match="last"):
        grants.new_shared_key(TEAM, 2, [], clinic)


def test_a_grant_moved_to_another_row_does_not_open(clinic: UUID, other_clinic: UUID) -> None:
    """A grant is bound to its key, version, holder, holder's version and clinic [SEC-02] [SEC-03]."""
    grant = grants.grant(new_private_key(), TEAM, 1, HOLDERS[0], clinic)
    moved = [
        replace(grant, key=UUID(int=99)),
        replace(grant, version=2),
        replace(grant, holder=UUID(int=99)),
        replace(grant, holder_version=2),
        replace(grant, blob=grant.blob[:-1] + bytes([grant.blob[-1] ^ 1])),
    ]
    for row in moved:
        with pytest.raises(OpenError):
            grants.accept(row, PEOPLE[0], clinic)
    with pytest.raises(OpenError):
        grants.accept(grant, PEOPLE[0], other_clinic)


def test_a_grant_does_not_pass_for_a_wrap(clinic: UUID) -> None:
    """The same ids and versions for another purpose are another place [SEC-02]."""
    grant = grants.grant(new_private_key(), TEAM, 1, HOLDERS[0], clinic)
    disguised = envelope.Wrap(content_key=TEAM, holder=HOLDERS[0].id, version=1, blob=grant.blob)
    with pytest.raises(OpenError):
        envelope.unwrap_content_key(disguised, PEOPLE[0], clinic)
