import os
import resource
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from task2vec.errors import WeightsError
from task2vec.probe.weight_files import count_parameters, file_hash, read_metadata
from task2vec.probe.weights import (
    fill,
    hash_weights,
    read_safetensors,
    write_safetensors,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def state():
    torch.manual_seed(0)
    return {
        "a.weight": torch.randn(3, 4),
        "b.count": torch.tensor(7),
        "c.half": torch.randn(5).bfloat16(),
        "d.empty": torch.empty(0, 3),
        "e.flags": torch.tensor([True, False]),
    }


def test_hash_of_known_bytes():
    expected = sha256(b"a:torch.int16:(2, 1);\x01\x00\x02\x01b:torch.uint8:();\x09")
    state = {"b": torch.tensor(9, dtype=torch.uint8), "a": torch.tensor([[1], [258]]).short()}
    assert hash_weights(state) == expected.hexdigest()


def test_hash_does_not_depend_on_order_or_layout(state):
    turned = dict(reversed(state.items()))
    turned["a.weight"] = turned["a.weight"].T.contiguous().T
    assert not turned["a.weight"].is_contiguous()
    assert hash_weights(turned) == hash_weights(state)


def test_hash_sees_one_bit(state):
    before = hash_weights(state)
    for name in ("a.weight", "c.half", "e.flags"):
        raw = state[name].view(torch.uint8)
        raw.view(-1)[-1] ^= 1
        assert hash_weights(state) != before
        raw.view(-1)[-1] ^= 1
        assert hash_weights(state) == before


def test_hash_sees_names_shapes_and_types(state):
    renamed = {("z" if name == "a.weight" else name): value for name, value in state.items()}
    reshaped = {**state, "a.weight": state["a.weight"].reshape(4, 3)}
    retyped = {**state, "a.weight": state["a.weight"].view(torch.int32)}
    hashes = {hash_weights(given) for given in (state, renamed, reshaped, retyped)}
    assert len(hashes) == 4


def test_file_hash(tmp_path):
    data = os.urandom(2**20 + 17)
    (tmp_path / "x").write_bytes(data)
    assert file_hash(tmp_path / "x") == sha256(data).hexdigest()


def test_round_trip(tmp_path, state):
    path = tmp_path / "new" / "folder" / "w.safetensors"
    write_safetensors(path, state, {"made": "here"})
    read, metadata = read_safetensors(path)
    assert metadata == {"made": "here"}
    assert read.keys() == state.keys()
    assert all(torch.equal(read[name], state[name]) for name in state)
    assert hash_weights(read) == hash_weights(state)
    # The format is the library's own, and nothing is left beside it.
    assert load_file(path).keys() == state.keys()
    assert names(path.parent) == [path.name]


def test_tensors_that_share_memory(tmp_path):
    whole = torch.arange(6.0).reshape(2, 3)
    write_safetensors(tmp_path / "w", {"all": whole, "row": whole[0], "turned": whole.T}, {})
    read, _ = read_safetensors(tmp_path / "w")
    assert torch.equal(read["row"], whole[0])
    assert torch.equal(read["turned"], whole.T)


def test_refuses_a_pickle(tmp_path, state):
    path = tmp_path / "w.safetensors"
    torch.save(state, path)
    for read in (read_safetensors, read_metadata, count_parameters):
        with pytest.raises(WeightsError, match="got a file in PyTorch's own format"):
            read(path)


def test_refuses_what_is_not_whole(tmp_path, state):
    path = tmp_path / "w.safetensors"
    write_safetensors(path, state, {})
    data = path.read_bytes()
    for length in (0, 4, 100, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(WeightsError, match="cannot be read"):
            read_safetensors(path)


@pytest.mark.parametrize("name", ["none", "."])
def test_refuses_what_is_no_file(tmp_path, name):
    with pytest.raises(WeightsError, match="cannot be read"):
        read_safetensors(tmp_path / name)


@pytest.mark.parametrize("place", ["file/w.safetensors", "file/deeper/w.safetensors", "folder"])
def test_a_place_that_cannot_be_written(tmp_path, state, place):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    with pytest.raises(WeightsError, match="cannot be written"):
        write_safetensors(tmp_path / place, state, {})
    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_failed_write_leaves_the_old_file(tmp_path, state):
    path = tmp_path / "w.safetensors"
    write_safetensors(path, state, {})
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(WeightsError, match="cannot be written"):
            write_safetensors(path, {"large": torch.zeros(10_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert names(tmp_path) == [path.name]


@pytest.fixture
def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


def test_fill_takes_all(network):
    given = {
        name: torch.full_like(tensor, 3) for name, tensor in reversed(network.state_dict().items())
    }
    fill(network, given, origin="here")
    assert all((tensor == 3).all() for tensor in network.state_dict().values())


def test_fill_names_what_does_not_fit(network):
    given = {**network.state_dict(), "0.bias": torch.zeros(5), "2.bias": torch.zeros(1)}
    del given["1.weight"]
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(WeightsError, match="weights from here") as raised:
        fill(network, given, origin="here")
    assert raised.value.got == (
        "1.weight is missing; 2.bias is unexpected; 0.bias is (5,) instead of (2,)"
    )
    assert raised.value.expected == "7 tensors as in Sequential"
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_fill_shortens_a_long_list(network):
    with pytest.raises(WeightsError, match="and 4 more"):
        fill(network, {}, origin="here")


def test_a_header_longer_than_that_of_any_network_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    header = b'{"a":' + b"[" * 20_000_000
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    for read in (read_metadata, count_parameters):
        with pytest.raises(WeightsError, match="a header of 20,000,005 bytes"):
            read(path)
