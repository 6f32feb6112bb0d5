import pytest
import torch
import torch.nn.functional as F
from oracles import fisher_by_definition
from torch import nn

from task2vec.errors import SettingError
from task2vec.fisher.estimators import LabelNoise
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import Estimator, Likelihood

# Among them a class that is rarely drawn.
LOGITS = torch.tensor([[0.3, -1.0, 0.8, -3.5], [2.0, 0.0, 0.1, 1.0]], dtype=torch.float64)


def noise(estimator, *, images=2, classes=4, draws=1, seed=0, likelihood=Likelihood.CATEGORICAL):
    return LabelNoise(
        estimator, images=images, classes=classes, draws=draws, seed=seed, likelihood=likelihood
    )


def logit_fisher(likelihood):
    if likelihood is Likelihood.BERNOULLI:
        p = LOGITS.sigmoid()
        return torch.diag_embed(p * (1 - p))
    p = LOGITS.softmax(dim=1)
    return torch.diag_embed(p) - p[:, :, None] * p[:, None, :]


@pytest.mark.parametrize("likelihood", Likelihood)
def test_exact_is_exact(likelihood):
    sent = noise(Estimator.EXACT, likelihood=likelihood).cotangents(LOGITS, 0)
    assert sent.shape == (4, 2, 4)
    found = torch.einsum("rni,rnj->nij", sent, sent)
    torch.testing.assert_close(found, logit_fisher(likelihood), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize(
    ("estimator", "likelihood"),
    [
        (Estimator.RADEMACHER, Likelihood.CATEGORICAL),
        (Estimator.RADEMACHER, Likelihood.BERNOULLI),
        (Estimator.CATEGORICAL, Likelihood.CATEGORICAL),
    ],
)
def test_unbiased(estimator, likelihood):
    draws = 40_000
    sent = noise(estimator, draws=draws, likelihood=likelihood).cotangents(LOGITS, 0)
    assert sent.shape == (draws, 2, 4)
    # Without the share of one draw in the sum these are independent samples of the whole.
    samples = torch.einsum("rni,rnj->rnij", sent, sent) * draws
    error = samples.std(dim=0) / draws**0.5
    excess = (samples.mean(dim=0) - logit_fisher(likelihood)).abs() - 4.5 * error
    assert excess.max() <= 1e-12
    # The bound means something: each element is known to a few per cent of the largest.
    assert error.max() < 0.02 * logit_fisher(likelihood).max()


@pytest.mark.parametrize("estimator", [Estimator.RADEMACHER, Estimator.CATEGORICAL])
def test_unbiased_through_a_network(estimator):
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, groups=1), nn.Tanh(), nn.Conv2d(4, 4, 2, groups=4), nn.Flatten()
    )
    network = network.double().eval()
    image = torch.randn(1, 3, 5, 5, dtype=torch.float64)
    weight = torch.randn(3, 16, dtype=torch.float64)

    def head(features):
        return F.linear(features, weight)

    expected = fisher_by_definition(network, head, image)[0]
    # Images are independent of each other: copies of one are as many draws.
    copies = 20_000
    drawn = noise(estimator, images=copies, classes=3, seed=3)
    samples = PerImageFisher(network)(
        image.expand(copies, -1, -1, -1), head, lambda logits: drawn.cotangents(logits, 0)
    )
    error = samples.std(dim=0) / copies**0.5
    assert ((samples.mean(dim=0) - expected).abs() < 4.5 * error).all()
    assert (error < 0.05 * expected).all()


@pytest.mark.parametrize("estimator", [Estimator.RADEMACHER, Estimator.CATEGORICAL])
def test_noise_belongs_to_the_image_and_not_to_the_batch(estimator):
    torch.manual_seed(4)
    logits = torch.randn(12, 4)
    drawn = noise(estimator, images=12, draws=5)
    whole = drawn.cotangents(logits, 0)
    for size in (1, 5, 12):
        parts = [drawn.cotangents(logits[i : i + size], i) for i in range(0, 12, size)]
        assert torch.equal(torch.cat(parts, dim=1), whole)


@pytest.mark.parametrize("estimator", [Estimator.RADEMACHER, Estimator.CATEGORICAL])
def test_every_image_and_draw_has_its_own_noise(estimator):
    drawn = noise(estimator, images=6, draws=6).cotangents(torch.zeros(6, 4), 0)
    assert len({tuple(image.flatten().tolist()) for image in drawn.unbind(1)}) == 6
    assert len({tuple(draw.flatten().tolist()) for draw in drawn.unbind(0)}) == 6


@pytest.mark.parametrize("estimator", [Estimator.RADEMACHER, Estimator.CATEGORICAL])
def test_the_seed_alone_decides(estimator):
    def sent(seed):
        return noise(estimator, draws=20, seed=seed).cotangents(LOGITS, 0)

    assert torch.equal(sent(7), sent(7))
    assert not torch.equal(sent(7), sent(8))


def test_an_impossible_label_is_never_drawn():
    logits = torch.tensor([[-200.0, 0.0, -200.0]]).expand(5000, -1)
    sent = noise(Estimator.CATEGORICAL, images=5000, classes=3).cotangents(logits, 0)
    # p is (0, 1, 0) to the last bit, so that the only possible gradient is 0.
    assert (sent == 0).all()


def test_labels_at_the_ends_of_the_unit_interval():
    drawn = noise(Estimator.CATEGORICAL, images=200, classes=7)
    logits = torch.randn(200, 7, generator=torch.Generator().manual_seed(0))
    p = logits.softmax(dim=1)
    # Probabilities in float32 add up to a little less than 1 for some images.
    assert (p.double().sum(dim=1) < 1 - 1e-8).any()
    below_one = torch.full((200, 1), 1 - 2**-53, dtype=torch.float64)
    last = torch.eye(7)[6] - p
    assert torch.equal(drawn._drawn_labels(logits, below_one)[0], last)
    # A first class that cannot be is not drawn by 0 either.
    logits[:, 0] = -torch.inf
    second = torch.eye(7)[1] - logits.softmax(dim=1)
    assert torch.equal(drawn._drawn_labels(logits, torch.zeros_like(below_one))[0], second)


def test_gradients_are_not_tracked():
    logits = LOGITS.clone().requires_grad_()
    for estimator in Estimator:
        assert not noise(estimator).cotangents(logits, 0).requires_grad


def test_refuses_no_draws():
    with pytest.raises(SettingError, match="at least 1 an image, got 0"):
        noise(Estimator.RADEMACHER, draws=0)


def test_refuses_categorical_draws_of_independent_labels():
    with pytest.raises(SettingError, match="one label an image"):
        noise(Estimator.CATEGORICAL, likelihood=Likelihood.BERNOULLI)
