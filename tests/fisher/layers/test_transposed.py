import pytest
import torch
from fisher_cases import close, exact, seen_by
from oracles import fisher_by_definition
from torch import nn

TRANSPOSED = {
    "plain": {"kernel_size": 3},
    "bias": {"kernel_size": 2, "bias": True},
    "stride": {"kernel_size": 3, "stride": (2, 3)},
    "padding": {"kernel_size": 3, "padding": (1, 2)},
    "output padding": {"kernel_size": 3, "stride": 2, "output_padding": (1, 0)},
    "more output padding than padding": {
        "kernel_size": 2,
        "stride": 3,
        "padding": 1,
        "output_padding": 2,
    },
    "dilation": {"kernel_size": (3, 2), "dilation": (2, 3)},
    "groups": {"kernel_size": 3, "groups": 2, "stride": 2, "padding": 1},
    "each channel alone": {"kernel_size": 3, "groups": 4, "out_channels": 8},
    "pointwise": {"kernel_size": 1, "stride": 2},
    "few positions": {"kernel_size": 5, "out_channels": 12},
}


@pytest.mark.parametrize("options", TRANSPOSED.values(), ids=TRANSPOSED)
def test_transposed_convolution(options):
    torch.manual_seed(3)
    options = {"out_channels": 6, "bias": False, **options}
    given = seen_by(nn.ConvTranspose2d(4, **options).double(), size=5)
    close(exact(*given), fisher_by_definition(*given))
