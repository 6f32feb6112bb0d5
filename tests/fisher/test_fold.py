"""Batch norms folded into convolutions: the same squares, and only where that is right."""

import pytest
import torch
from fisher_cases import close, exact, seen_by
from oracles import fisher_by_definition
from torch import nn

from task2vec.fisher.per_image import PerImageFisher


def norm(channels, **options):
    module = nn.BatchNorm2d(channels, **options)
    module.running_mean.normal_()
    module.running_var.uniform_(0.5, 2)
    if module.affine:
        nn.init.normal_(module.weight)
        nn.init.normal_(module.bias)
    return module


class TakenTwice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Conv2d(4, 5, 3), norm(5)

    def forward(self, x):
        found = self.layer(x)
        return self.norm(found) + found


class NormedTwice(TakenTwice):
    def forward(self, x):
        found = self.layer(x)
        return self.norm(found) + self.norm(found).sin()


def kinds():
    torch.manual_seed(6)
    return {
        "bias": nn.Sequential(nn.Conv2d(4, 5, 3), norm(5), nn.ReLU(inplace=True)),
        "no bias": nn.Sequential(nn.Conv2d(4, 5, 3, bias=False), norm(5)),
        "no scale": nn.Sequential(nn.Conv2d(4, 5, 3), norm(5, affine=False)),
        "depthwise": nn.Sequential(nn.Conv2d(4, 8, 3, groups=4), norm(8)),
        "transposed": nn.Sequential(nn.ConvTranspose2d(4, 8, 3, groups=4), norm(8)),
        "norm of a norm": nn.Sequential(nn.Conv2d(4, 5, 1), norm(5), norm(5)),
        "taken twice": TakenTwice(),
        "normed twice": NormedTwice(),
    }


FOLDED = {"bias", "no bias", "no scale", "depthwise", "norm of a norm"}


@pytest.mark.parametrize("name", kinds())
def test_fold(name):
    network, head, images = seen_by(kinds()[name].double())
    per_image = PerImageFisher(network)
    per_image(images, head, lambda logits: torch.ones_like(logits)[None])
    assert len(per_image._plan.folds) == (name in FOLDED)
    given = (network, head, images)
    close(exact(*given), fisher_by_definition(*given))


def test_a_filter_that_its_norm_silences():
    torch.manual_seed(6)
    silenced = norm(5)
    with torch.no_grad():
        silenced.weight[2] = 0
    given = seen_by(nn.Sequential(nn.Conv2d(4, 5, 3), silenced).double())
    found = exact(*given)
    close(found, fisher_by_definition(*given))
    assert (found[:, 4 + 2] == 0).all()
