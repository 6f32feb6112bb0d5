"""What an embedding has an element for: the filters of convolutions, the neurons of linear layers.

A unit is what shares one row of a layer's weight: a filter of a convolution (for a transposed one,
an output channel), an output neuron of a linear layer. In a transformer these are the channels of
the patch embedding, of the query, key and value projections, of the attention's output and of the
two layers behind it. Biases, normalisation and position parameters have no elements.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from task2vec.errors import SettingError
from task2vec.types import CountedLayers

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_PROJECTIONS = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")


@dataclass(frozen=True, eq=False)
class Layer:
    """One weight whose units count; ``elements`` are theirs in the embedding, in order."""

    name: str
    weight: nn.Parameter
    elements: slice
    groups: int = 1
    transposed: bool = False

    @property
    def weights_per_unit(self) -> int:
        """How many weights a unit has."""
        units: int = self.elements.stop - self.elements.start
        return self.weight.numel() // units

    def squares_per_unit(self, gradient: Tensor) -> Tensor:
        """Return (units,): the squares of a gradient of the weight, summed over each unit."""
        squares: Tensor = gradient.square()
        if not self.transposed:
            return squares.flatten(1).sum(dim=1)
        # (I, O / groups, ...): the channels of one group of inputs belong to one group of units.
        by_group = squares.reshape(self.groups, -1, squares.shape[1], squares[0, 0].numel())
        return by_group.sum(dim=(1, 3)).flatten()


def find_layers(
    network: nn.Module,
    counted: CountedLayers = CountedLayers.ALL,
    *,
    only: Callable[[nn.Parameter], bool] | None = None,
) -> tuple[Layer, ...]:
    """Return the layers whose units count, in the order of the network's modules.

    With ``only``, those whose weight it accepts. A weight that several modules share counts once.
    Raises `SettingError` for a network that has no such layer.
    """
    layers: list[Layer] = []
    seen: set[int] = set()
    start = 0
    for module_name, module in network.named_modules():
        if counted is CountedLayers.DEPTHWISE and not _is_depthwise(module):
            continue
        for name, parameter in _weights(module_name, module).items():
            if id(parameter) in seen or (only is not None and not only(parameter)):
                continue
            seen.add(id(parameter))
            transposed = isinstance(module, _TRANSPOSED)
            groups = module.groups if isinstance(module, _TRANSPOSED) else 1
            units = parameter.shape[1] * groups if transposed else parameter.shape[0]
            # Named after the module; after the parameter, too, where a module has several.
            full = module_name if name == "weight" else f"{module_name}.{name}".lstrip(".")
            layers.append(Layer(full, parameter, slice(start, start + units), groups, transposed))
            start += units
    if not layers:
        raise SettingError(
            "This network cannot be a probe",
            expected="convolutions or linear layers"
            if counted is CountedLayers.ALL
            else f"{counted} convolutions, which its card counts",
            got="none",
        )
    return tuple(layers)


def _is_depthwise(module: nn.Module) -> bool:
    return isinstance(module, _CONVOLUTIONS) and 1 < module.groups == module.in_channels


def _weights(name: str, module: nn.Module) -> Mapping[str, nn.Parameter]:
    if isinstance(module, (*_CONVOLUTIONS, *_TRANSPOSED, nn.Linear)):
        if not isinstance(module.weight, nn.Parameter):
            raise SettingError(
                "This network cannot be a probe",
                expected="weights that are parameters",
                got=f"one that is computed from others, in {name}",
                remedy="Remove the parametrization, for instance by "
                "torch.nn.utils.parametrize.remove_parametrizations.",
            )
        return {"weight": module.weight}
    if isinstance(module, nn.MultiheadAttention):
        return {key: p for key in _PROJECTIONS if (p := getattr(module, key)) is not None}
    return {}
