"""Keys: made, kept as hashes, told apart, revoked."""

import hashlib
import time
from pathlib import Path

import pytest
from factories import replace

from task2vec.errors import (
    NameTakenError,
    NotAuthenticatedError,
    SettingError,
    StateError,
    UnknownNameError,
)
from task2vec.service import keys
from task2vec.service.keys import KeyRing
from task2vec.service.workspace import Workspace
from task2vec.types import Scope


def test_only_the_hash_of_a_key_is_on_disk(tmp_path: Path) -> None:
    with Workspace(tmp_path) as workspace:
        new = keys.create(workspace, "ada", [Scope.READ, Scope.WRITE], requests_per_minute=7)
        stored = keys.list_all(workspace)

    assert stored == [new.record]
    assert stored[0].sha256 == hashlib.sha256(new.secret.encode()).hexdigest()
    assert stored[0].scopes == {Scope.READ, Scope.WRITE}
    assert (stored[0].requests_per_minute, stored[0].concurrent_requests) == (7, None)
    random = new.secret.split("_", 2)[2].encode()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert random not in on_disk
    assert stored[0].sha256.encode() in on_disk


def test_a_key_holds_256_random_bits() -> None:
    secrets = {keys.draw("x", [Scope.READ]).secret.split("_", 2)[2] for _ in range(100)}

    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {43}


def test_a_ring_tells_whose_a_key_is() -> None:
    made = [keys.draw(name, [Scope.READ]) for name in ("a", "b", "c")]
    ring = KeyRing(new.record for new in made)

    assert [ring.identify(new.secret, now=0.0).name for new in made] == ["a", "b", "c"]
    # Another key's secret behind this one's id.
    mixed = made[0].secret[:17] + made[1].secret[17:]
    for wrong in (
        mixed,
        "",
        "t2v_",
        made[0].secret[:-1],
        made[0].secret + "A",
        made[0].secret.upper(),
    ):
        with pytest.raises(NotAuthenticatedError, match="not valid"):
            ring.identify(wrong, now=0.0)


@pytest.mark.parametrize("place", [0, 8, 32, 63])
def test_the_whole_hash_is_compared(place: int) -> None:
    new = keys.draw("a", [Scope.READ])
    hash_ = new.record.sha256
    other = "1" if hash_[place] == "0" else "0"
    near = replace(new.record, sha256=hash_[:place] + other + hash_[place + 1 :])

    with pytest.raises(NotAuthenticatedError, match="not valid"):
        KeyRing([near]).identify(new.secret, now=0.0)


def test_a_key_is_good_until_it_expires() -> None:
    new = keys.draw("a", [Scope.READ], expires=100.0)
    ring = KeyRing([new.record])

    assert ring.identify(new.secret, now=99.9).name == "a"
    with pytest.raises(NotAuthenticatedError, match="expired"):
        ring.identify(new.secret, now=100.0)
    assert ring.any_active(99.9)
    assert not ring.any_active(100.0)
    assert ring.closed, "only revoking says that no key is wanted"


def test_a_revoked_key_stays_revoked_and_keeps_its_name(tmp_path: Path) -> None:
    with Workspace(tmp_path) as workspace:
        new = keys.create(workspace, "ada", [Scope.ADMIN])
        revoked = keys.revoke(workspace, "ada")
        ring = KeyRing(keys.list_all(workspace))
        with pytest.raises(StateError, match="was revoked at"):
            keys.revoke(workspace, new.record.id)
        with pytest.raises(NameTakenError):
            keys.create(workspace, "ada", [Scope.READ])
        log = [entry.action for entry in workspace.store().audit.latest(9)]

    assert revoked.revoked is not None
    with pytest.raises(NotAuthenticatedError, match="revoked"):
        ring.identify(new.secret, now=time.time())
    assert not ring.closed
    assert log == ["keys revoke", "keys create"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"scopes": []},
        {"requests_per_minute": 0},
        {"concurrent_requests": -1},
    ],
)
def test_what_makes_no_sense_is_not_stored(tmp_path: Path, wrong: dict[str, object]) -> None:
    given = {"name": "ada", "scopes": [Scope.READ]} | wrong
    with Workspace(tmp_path) as workspace:
        workspace.store(create=True)
        with pytest.raises(SettingError):
            keys.create(workspace, given.pop("name"), given.pop("scopes"), **given)  # type: ignore[arg-type]
        assert keys.list_all(workspace) == []


def test_an_unknown_key_cannot_be_revoked(tmp_path: Path) -> None:
    with Workspace(tmp_path) as workspace:
        keys.create(workspace, "laboratory", [Scope.READ])
        with pytest.raises(UnknownNameError, match="laboratory"):
            keys.revoke(workspace, "laborotary")


@pytest.mark.parametrize(
    ("scope", "implied"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.WRITE, {Scope.WRITE, Scope.READ}),
        (Scope.WORK, {Scope.WORK}),
        (Scope.ADMIN, {Scope.READ, Scope.WRITE, Scope.WORK, Scope.ADMIN}),
    ],
)
def test_what_each_scope_implies(scope: Scope, implied: set[Scope]) -> None:
    assert scope.implied == implied
