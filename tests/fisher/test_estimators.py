import numpy as np
import pytest
import torch
import torch.nn.functional as F
from oracles import fisher_by_definition
from torch import nn

from task2vec.errors import SettingError
from task2vec.fisher.estimators import LabelModel, draw_noise
from task2vec.fisher.per_image import PerImageFisher
from task2vec.fisher.principal import _dealt
from task2vec.types import Estimator, Likelihood

# Among them a class that is rarely drawn.
LOGITS = torch.tensor([[0.3, -1.0, 0.8, -3.5], [2.0, 0.0, 0.1, 1.0]], dtype=torch.float64)


SIGNS = [Estimator.PRINCIPAL, Estimator.RADEMACHER, Estimator.HADAMARD]
DRAWN = [*SIGNS, Estimator.CATEGORICAL]


def noise(
    estimator,
    *,
    images=2,
    classes=4,
    draws=1,
    seed=0,
    likelihood=Likelihood.CATEGORICAL,
    weights=None,
):
    head = np.random.default_rng(5).normal(size=(classes, 7)) * np.arange(1, classes + 1)[:, None]
    several = (images, classes) if likelihood is Likelihood.BERNOULLI else images
    return draw_noise(
        estimator,
        LabelModel(
            images=images,
            classes=classes,
            likelihood=likelihood,
            label_weights=weights,
            gram=head @ head.T,
            labels=np.zeros(several, dtype=np.int64),
        ),
        draws=draws,
        seed=seed,
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
        *((estimator, likelihood) for estimator in SIGNS for likelihood in Likelihood),
        (Estimator.CATEGORICAL, Likelihood.CATEGORICAL),
    ],
)
@pytest.mark.parametrize("draws", [1, 2])
def test_unbiased(estimator, likelihood, draws):
    copies = 20_000
    logits = LOGITS.repeat(copies, 1)
    drawn = noise(estimator, images=2 * copies, draws=draws, likelihood=likelihood)
    sent = drawn.cotangents(logits, 0)
    assert sent.shape == (draws, 2 * copies, 4)
    samples = torch.einsum("rni,rnj->nij", sent, sent).reshape(copies, 2, 4, 4)
    error = samples.std(dim=0) / copies**0.5
    excess = (samples.mean(dim=0) - logit_fisher(likelihood)).abs() - 4.5 * error
    assert excess.max() <= 1e-12
    # The bound means something: each element is known to a few per cent of the largest.
    assert error.max() < 0.02 * logit_fisher(likelihood).max()


@pytest.mark.parametrize("estimator", DRAWN)
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
    drawn._uniform = torch.full((200, 1), 1 - 2**-53, dtype=torch.float64)
    assert torch.equal(drawn.cotangents(logits, 0)[0], torch.eye(7)[6] - p)
    # A first class that cannot be is not drawn by 0 either.
    logits[:, 0] = -torch.inf
    drawn._uniform = torch.zeros(200, 1, dtype=torch.float64)
    assert torch.equal(drawn.cotangents(logits, 0)[0], torch.eye(7)[1] - logits.softmax(dim=1))


def test_gradients_are_not_tracked():
    logits = LOGITS.clone().requires_grad_()
    for estimator in Estimator:
        assert not noise(estimator).cotangents(logits, 0).requires_grad


def test_refuses_no_draws():
    with pytest.raises(SettingError, match="at least 1 an image, got 0"):
        noise(Estimator.RADEMACHER, draws=0)


def test_refuses_categorical_draws_of_independent_labels():
    with pytest.raises(SettingError, match="one label per image"):
        noise(Estimator.CATEGORICAL, likelihood=Likelihood.BERNOULLI)


@pytest.mark.parametrize("likelihood", Likelihood)
@pytest.mark.parametrize("classes", [2, 3, 5, 8])
def test_enough_draws_leave_nothing_to_chance(classes, likelihood):
    logits = torch.randn(6, classes, dtype=torch.float64, generator=torch.manual_seed(classes)) * 2
    expected = noise(Estimator.EXACT, images=6, classes=classes, likelihood=likelihood)
    exact = expected.cotangents(logits, 0)
    softmax = likelihood is Likelihood.CATEGORICAL
    enough = {
        Estimator.PRINCIPAL: classes - 1 if softmax else classes,
        Estimator.HADAMARD: {2: 2, 3: 4, 5: 8, 8: 8}[classes],
    }
    for estimator, draws in enough.items():
        asked = noise(estimator, images=6, classes=classes, draws=50, likelihood=likelihood)
        # More would be no better, and are not made.
        assert asked.passes == draws
        exactly = noise(estimator, images=6, classes=classes, draws=draws, likelihood=likelihood)
        for drawn in (asked, exactly):
            sent = drawn.cotangents(logits, 0)
            assert len(sent) == draws
            torch.testing.assert_close(
                torch.einsum("rni,rnj->nij", sent, sent),
                torch.einsum("rni,rnj->nij", exact, exact),
                rtol=1e-9,
                atol=1e-12,
            )


def variance(estimator, A, *, draws, logits, copies=8000, **more):
    """Return the variance of ``sum_r c_r^T A c_r`` over draws, for cotangents c of the logits."""
    drawn = noise(estimator, images=copies, classes=len(A), draws=draws, **more)
    sent = drawn.cotangents(logits.expand(copies, -1), 0)
    return torch.einsum("rni,ij,rnj->n", sent, A, sent).var().item()


@pytest.mark.parametrize("draws", [1, 3, 6])
def test_different_rows_vary_less_than_independent_signs(draws):
    torch.manual_seed(0)
    half = torch.randn(7, 7, dtype=torch.float64)
    logits = torch.randn(7, dtype=torch.float64)
    A = half @ half.T
    found, plain = (
        variance(estimator, A, draws=draws, logits=logits)
        for estimator in (Estimator.HADAMARD, Estimator.RADEMACHER)
    )
    # The order is 8.
    assert found / plain == pytest.approx((8 - draws) / 7, rel=0.15)


@pytest.mark.parametrize("likelihood", Likelihood)
def test_principal_directions_leave_no_noise_in_the_features(likelihood):
    logits = LOGITS[0]
    drawn = noise(Estimator.PRINCIPAL, likelihood=likelihood)
    features = torch.from_numpy(drawn.model.gram)
    found, plain = (
        variance(estimator, features, draws=1, logits=logits, likelihood=likelihood)
        for estimator in (Estimator.PRINCIPAL, Estimator.RADEMACHER)
    )
    # All that is drawn pulls the features equally hard.
    assert found < 1e-20 * plain


def test_many_classes_are_turned_in_part():
    logits = torch.randn(3, 50, dtype=torch.float64, generator=torch.manual_seed(3)) * 2
    sent = noise(Estimator.PRINCIPAL, images=3, classes=50, draws=50).cotangents(logits, 0)
    assert len(sent) == 50
    p = logits.softmax(dim=1)
    expected = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    torch.testing.assert_close(torch.einsum("rni,rnj->nij", sent, sent), expected)
    drawn = noise(Estimator.PRINCIPAL, classes=50)
    plain, found = (
        variance(e, torch.from_numpy(drawn.model.gram), draws=1, logits=logits[0], copies=500)
        for e in (Estimator.RADEMACHER, Estimator.PRINCIPAL)
    )
    assert found < 0.2 * plain


def test_more_draws_deal_the_directions_out_evenly():
    energies = torch.tensor([[1.0, 5, 3, 3, 0], [9, 1, 1, 1, 1]], dtype=torch.float64)
    assert _dealt(energies, 2).tolist() == [[0, 0, 1, 1, 0], [0, 1, 1, 1, 1]]
    assert sorted(_dealt(energies * 0, 5)[0].tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("estimator", [*SIGNS, Estimator.EXACT])
def test_logits_that_are_not_finite_show(estimator):
    logits = LOGITS.clone()
    logits[0, 1] = torch.nan
    sent = noise(estimator).cotangents(logits, 0)
    assert sent[:, 0].isnan().any()
    assert sent[:, 1].isfinite().all()


@pytest.mark.parametrize("estimator", [*SIGNS, Estimator.EXACT])
def test_weighted_labels(estimator):
    weights = np.array([[2.0, 0.5, 0.0, 1.0], [0.0, 1.0, 3.0, 0.2]])
    drawn = noise(estimator, draws=4, likelihood=Likelihood.BERNOULLI, weights=weights)
    sent = drawn.cotangents(LOGITS, 0)
    found = torch.einsum("rni,rnj->nij", sent, sent)
    expected = torch.from_numpy(weights)[:, :, None] * logit_fisher(Likelihood.BERNOULLI)
    if estimator is Estimator.RADEMACHER:
        # The diagonal does not depend on the signs.
        found, expected = (torch.diagonal(m, dim1=1, dim2=2) for m in (found, expected))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-15)
    # A missing label sends nothing back.
    assert (sent[:, 0, 2] == 0).all()


def test_empirical_gradients_are_those_of_the_labels():
    labels = np.array([2, 0])
    drawn = draw_noise(
        Estimator.EMPIRICAL, LabelModel(images=2, classes=4, labels=labels), draws=9, seed=0
    )
    logits = LOGITS.clone().requires_grad_()
    log_p = logits.log_softmax(dim=1)[torch.arange(2), torch.from_numpy(labels)]
    (expected,) = torch.autograd.grad(log_p.sum(), logits)
    torch.testing.assert_close(drawn.cotangents(LOGITS, 0), expected[None])
    assert drawn.passes == 1
    torch.testing.assert_close(drawn.cotangents(LOGITS[1:], 1)[0], expected[1:])


def test_empirical_gradients_of_several_labels():
    labels = np.array([[1, 0, -1, 1], [0, 1, 1, -1]])
    weights = np.array([[0.5, 2.0, 0.0, 1.0], [1.0, 1.5, 0.25, 0.0]])
    drawn = draw_noise(
        Estimator.EMPIRICAL,
        LabelModel(
            images=2,
            classes=4,
            likelihood=Likelihood.BERNOULLI,
            label_weights=weights,
            labels=labels,
        ),
        draws=1,
        seed=0,
    )
    logits = LOGITS.clone().requires_grad_()
    terms = (
        torch.from_numpy(weights**0.5)
        * torch.where(torch.from_numpy(labels == 1), logits.sigmoid(), 1 - logits.sigmoid()).log()
    )
    (expected,) = torch.autograd.grad(terms.sum(), logits)
    torch.testing.assert_close(drawn.cotangents(LOGITS, 0)[0], expected)


@pytest.mark.parametrize(
    ("estimator", "more", "problem"),
    [
        (Estimator.PRINCIPAL, {}, "needs the head's weights"),
        (Estimator.EMPIRICAL, {}, "needs the labels"),
        (Estimator.EXACT, {"label_weights": np.ones((2, 3))}, "for independent labels"),
    ],
)
def test_refuses_what_lacks_something(estimator, more, problem):
    with pytest.raises(SettingError, match=problem):
        draw_noise(estimator, LabelModel(images=2, classes=3, **more), draws=1, seed=0)
