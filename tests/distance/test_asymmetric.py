import numpy as np

from task2vec.distance import asymmetric_distance, complexity, symmetric_distance


def test_golden(golden, close):
    s, t, t0, alpha = (golden[name] for name in ("source", "target", "t0", "alpha"))
    there = asymmetric_distance(source=s, target=t, trivial=t0, alpha=alpha)
    back = asymmetric_distance(source=t, target=s, trivial=t0, alpha=alpha)
    close(there, golden["paper"]["d_asym_source_to_target"])
    close(back, golden["paper"]["d_asym_target_to_source"])


def test_of_two_equally_near_sources_the_more_complex_one_is_nearer():
    trivial = np.full(4, 1e-3)
    target = np.array([1.0, 2.0, 3.0, 4.0])
    # Stretching the spread of the elements moves them away from the constant trivial embedding.
    complex_, plain = target * [1, 1, 1, 4], target * [4, 1, 1, 1]
    assert complexity(complex_, trivial) > complexity(plain, trivial)
    np.testing.assert_allclose(
        symmetric_distance(complex_, target), symmetric_distance(plain, target), rtol=1e-14
    )
    nearer, farther = (
        asymmetric_distance(source=source, target=target, trivial=trivial)
        for source in (complex_, plain)
    )
    assert nearer < farther


def test_without_alpha_it_is_symmetric():
    a, b = np.random.default_rng(2).lognormal(size=(2, 8))
    got = asymmetric_distance(source=a, target=b, trivial=np.ones(8), alpha=0.0)
    assert got == symmetric_distance(a, b)
