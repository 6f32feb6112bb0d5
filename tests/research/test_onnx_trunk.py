"""A trunk read from ONNX gives what ONNX Runtime gives of the same file."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from examples.rebuild.packages import PackageError
from research.other_networks.onnx_trunk import OnnxTrunk
from research.other_networks.packages import HELD, packaged_probe, trunk

RNG = np.random.default_rng(0)


def constant(name, *shape):
    return numpy_helper.from_array(RNG.uniform(0.02, 0.4, shape).astype(np.float32), name)


def written(folder, nodes, *, end, initializers):
    graph = helper.make_graph(
        nodes,
        "trunk",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 12, 12])],
        [helper.make_tensor_value_info(end, TensorProto.FLOAT, None)],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    file = folder / "trunk.onnx"
    onnx.save(model, file)
    return file


def by_runtime(file, images, *, start, end):
    """Run a file up to a tensor that need not be an output of it."""
    model = onnx.load(file)
    if end not in {output.name for output in model.graph.output}:
        model.graph.output.append(helper.make_tensor_value_info(end, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run([end], {start: images})
    return found.mean(axis=(2, 3))


def test_every_kind_of_node_is_what_the_runtime_computes(tmp_path) -> None:
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], strides=[2, 1], pads=[1, 2, 1, 2]),
        node("BatchNormalization", ["c", "s", "o", "m", "v"], ["n"], epsilon=1e-3),
        node("MaxPool", ["n"], ["p"], kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
        node("Conv", ["p", "d"], ["g"], group=6, pads=[1, 1, 1, 1]),
        node("Relu", ["g"], ["r"]),
        node("GlobalAveragePool", ["r"], ["a"]),
        node("HardSigmoid", ["a"], ["h"], alpha=0.3, beta=0.1),
        node("Mul", ["r", "h"], ["e"]),
        node("Constant", [], ["three"], value=numpy_helper.from_array(np.float32(3))),
        node("Add", ["e", "three"], ["f"]),
        node("Clip", ["f", "least", "most"], ["k"]),
        node("Div", ["k", "three"], ["q"]),
        node("Sigmoid", ["q"], ["end"]),
    ]
    bounds = {"least": 3.01, "most": 3.5}
    clip = [numpy_helper.from_array(np.float32(value), name) for name, value in bounds.items()]
    shapes = {"w": (6, 3, 3, 5), "b": (6,), "d": (6, 1, 3, 3)}
    weights = [constant(name, *shape) for name, shape in shapes.items()]
    normal = [constant(name, 6) for name in "somv"]
    file = written(tmp_path, nodes, end="end", initializers=[*weights, *normal, *clip])
    images = RNG.normal(size=(2, 3, 12, 12)).astype(np.float32)
    found = OnnxTrunk(file, start="x", end="end")(torch.from_numpy(images))
    expected = by_runtime(file, images, start="x", end="end")
    np.testing.assert_allclose(found.detach(), expected, rtol=1e-5)
    assert np.ptp(expected, axis=0).max() > 1e-3


def test_what_comes_before_and_after_the_trunk_is_not_read(tmp_path) -> None:
    node = helper.make_node
    nodes = [
        node("Erf", ["x"], ["y"]),
        node("Conv", ["y", "w"], ["c"]),
        node("Softmax", ["c"], ["end"]),
    ]
    file = written(tmp_path, nodes, end="end", initializers=[constant("w", 4, 3, 1, 1)])
    trunk = OnnxTrunk(file, start="y", end="c")
    assert [layer.out_channels for layer in trunk.convolutions] == [4]
    with pytest.raises(NotImplementedError, match="Softmax"):
        OnnxTrunk(file, start="y", end="end")
    with pytest.raises(KeyError, match="absent"):
        OnnxTrunk(file, start="y", end="absent")


def test_uneven_padding_of_a_convolution_is_refused(tmp_path) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["end"], pads=[0, 0, 1, 1])]
    file = written(tmp_path, nodes, end="end", initializers=[constant("w", 4, 3, 3, 3)])
    with pytest.raises(NotImplementedError, match="uneven"):
        OnnxTrunk(file, start="x", end="end")


@pytest.fixture(params=list(HELD))
def name(request):
    try:
        trunk(request.param)
    except PackageError as error:
        if "SHA-256" in str(error):
            raise
        pytest.skip(str(error))
    return request.param


def test_a_packaged_network_gives_what_its_file_gives(name) -> None:
    from examples.rebuild.packages import unpacked

    held, network = HELD[name], trunk(name)
    # Recognisers of text shrink height and width unequally: lines of text tell them apart.
    shape = {"opennsfw": (2, 3, 224, 224), "ddddocr": (1, 1, 64, 160), "rapidocr": (2, 3, 48, 160)}
    images = RNG.uniform(-1, 1, shape[name]).astype(np.float32)
    file = unpacked(held.package) / held.file
    # The first of opennsfw's nodes turns its channels to the front.
    fed = "input:0" if name == "opennsfw" else held.start
    given = images.transpose(0, 2, 3, 1) if name == "opennsfw" else images
    expected = by_runtime(file, given, start=fed, end=held.end)
    with torch.inference_mode():
        found = network(torch.from_numpy(images))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert np.std(expected) > 0


def test_a_packaged_probe_looks_at_colours_as_its_file_does(name) -> None:
    probe, network = packaged_probe(name), trunk(name)
    side = probe.card.preprocessing.input_size
    pixels = RNG.integers(0, 256, (side, side, 3), dtype=np.uint8)
    if name == "opennsfw":
        fed = pixels[..., ::-1] - np.array([104.0, 117.0, 123.0])
    elif name == "ddddocr":
        fed = pixels @ np.array([[0.299], [0.587], [0.114]]) / 255
    else:
        fed = pixels / 127.5 - 1
    given = torch.from_numpy(fed.astype(np.float32)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        expected = network(given)
    found = probe.features([pixels])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))
