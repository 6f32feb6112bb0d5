"""From distances to positions in the plane.

Every method starts from classical scaling (Torgerson 1952), so that a layout depends on the
distances and the seed alone and keeps the large-scale arrangement where the method would not
(Kobak and Berens 2019).
"""

import warnings
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import TSNE, smacof

from task2vec.errors import InputError, MissingExtraError
from task2vec.messages.catalogue import MapMethod

Matrix = NDArray[np.float64]

# Distances computed from float32 embeddings are this exact at worst.
_ROUNDING = 1e-6
# So few points have no neighbourhoods.
_FEW = 3


def lay_out(distances: Matrix, *, method: MapMethod, seed: int) -> Matrix:
    """Return positions (m, 2), in units of distance, for symmetric ``distances`` (m, m).

    The positions are centred and turned to their principal axes, each axis pointing to its longer
    tail, so that equal distances give an equal picture. The scale is the one at which the lengths
    fit ``distances`` best. Up to three points are laid out by MDS whatever the method: they have
    no neighbourhoods to keep.

    Raises `InputError` for no points or an unusable matrix, `MissingExtraError` where UMAP is
    asked for and not installed.
    """
    distances = check_layout(distances, method=method)
    scale = distances.mean()
    if scale == 0:
        return np.zeros((len(distances), 2))
    # Unit mean: the methods below carry absolute constants (SMACOF moves coincident points to
    # a distance of 1e-5, t-SNE and UMAP start from a set spread).
    relative = distances / scale
    start = _separated(_classical_scaling(relative), relative, seed=seed)
    lay = _mds if len(distances) <= _FEW else _METHODS[method]
    positions = _oriented(lay(relative, start, seed))
    lengths, wanted = pdist(positions), squareform(distances, checks=False)
    return np.asarray(positions * (lengths @ wanted) / (lengths @ lengths), dtype=np.float64)


def _has_umap() -> bool:
    try:
        return find_spec("umap") is not None
    except ValueError:
        # Python says so where an import was blocked.
        return False


def stress(distances: Matrix, positions: Matrix) -> float:
    """Return how far the lengths of a layout are off, as a fraction in [0, 1].

    Kruskal's (1964) stress-1 at the best scale: with D the ``distances`` (m, m) and d the lengths
    between ``positions`` (m, 2), ``min_s sqrt(sum (D - s d)^2 / sum D^2)``, which is
    ``sqrt(1 - (D.d)^2 / (D.D d.d))``. Being free of scale, it compares methods.
    """
    wanted, lengths = squareform(distances, checks=False), pdist(positions)
    if not wanted.any():
        return 0.0
    norm = np.linalg.norm(wanted) * np.linalg.norm(lengths)
    if norm == 0:
        return 1.0
    # The residual itself, since 1 - cos^2 would lose half of the digits near a perfect fit.
    residual = wanted - lengths * (wanted @ lengths) / (lengths @ lengths)
    return float(np.linalg.norm(residual) / np.linalg.norm(wanted))


def check_layout(distances: Matrix, *, method: MapMethod) -> Matrix:
    """Return the distances free of what rounding did to them.

    Raises what `lay_out` raises.
    """
    if method is MapMethod.UMAP and len(distances) > _FEW and not _has_umap():
        raise MissingExtraError(
            "The layout `umap` needs the package umap-learn",
            remedy="Run: pip install 'task2vec[umap]', or use --method mds.",
        )
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1]:
        raise InputError(
            "A layout needs the distance of every pair of tasks",
            expected="a square matrix",
            got=f"an array of shape {distances.shape}",
        )
    if distances.size == 0:
        raise InputError(
            "There is nothing to lay out",
            expected="at least one task",
            got="none",
            remedy="Embed some tasks first: `task2vec embed SOURCE`.",
        )
    if not np.isfinite(distances).all() or distances.min() < -_ROUNDING:
        raise InputError(
            "The distances cannot be laid out",
            expected="finite, non-negative numbers",
            got=f"values from {distances.min()} to {distances.max()}",
            remedy="Use symmetric distances between embeddings of one space.",
        )
    asymmetry, diagonal = np.abs(distances - distances.T).max(), np.diag(distances).max()
    if max(asymmetry, diagonal) > _ROUNDING * max(1.0, distances.max()):
        raise InputError(
            "The distances cannot be laid out",
            expected="a symmetric matrix with a diagonal of zeros",
            got=f"an asymmetry of {asymmetry:.3g} and a diagonal up to {diagonal:.3g}",
            remedy="Use the symmetric distance: the others have a direction.",
        )
    cleaned = np.maximum((distances + distances.T) / 2, 0.0)
    np.fill_diagonal(cleaned, 0.0)
    return np.asarray(cleaned, dtype=np.float64)


def _classical_scaling(distances: Matrix) -> Matrix:
    """Return the two leading axes (m, 2) of the doubly centred squared distances."""
    squares = distances**2
    means = squares.mean(axis=0)
    gram = -0.5 * (squares - means - means[:, None] + squares.mean())
    values, vectors = np.linalg.eigh(gram)
    leading = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0))
    axes = leading[:, ::-1]
    return np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))


def _separated(start: Matrix, distances: Matrix, *, seed: int) -> Matrix:
    """Push apart different tasks that start at one spot, where no method could part them."""
    if np.any((pdist(start) < 1e-9) & (squareform(distances, checks=False) > 1e-9)):
        return start + np.random.default_rng(seed).normal(scale=1e-3, size=start.shape)
    return start


def _mds(distances: Matrix, start: Matrix, _seed: int) -> Matrix:
    """Metric MDS by SMACOF."""
    positions, _ = smacof(
        distances, n_components=2, init=start, n_init=1, max_iter=1000, eps=1e-10, n_jobs=1
    )
    return np.asarray(positions, dtype=np.float64)


def _tsne(distances: Matrix, start: Matrix, seed: int) -> Matrix:
    count = len(distances)
    model = TSNE(
        metric="precomputed",
        # At most the usual 30; few points need a neighbourhood smaller than the whole.
        perplexity=min(30.0, (count - 1) / 3),
        init=start / start[:, 0].std() * 1e-4,
        # The library's least step, 50, throws a handful of points about without end.
        learning_rate=float(count) if count < 50 else "auto",
        # Exact where it is cheap: Barnes-Hut's approximation shows in small maps.
        method="exact" if count < 200 else "barnes_hut",
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(model.fit_transform(distances), dtype=np.float64)


def _umap(distances: Matrix, start: Matrix, seed: int) -> Matrix:
    with warnings.catch_warnings():
        # It warns that parametric UMAP lacks TensorFlow and that a precomputed metric has no
        # inverse transform; neither is used.
        warnings.simplefilter("ignore")
        import umap

        model = umap.UMAP(
            metric="precomputed",
            # At most the usual 15; as with the perplexity, fewer than the whole.
            n_neighbors=min(15, max(2, len(distances) // 3)),
            init=(start / np.abs(start).max() * 10).astype(np.float32),
            random_state=seed,
            n_jobs=1,
        )
        return np.asarray(model.fit_transform(distances), dtype=np.float64)


_METHODS = {MapMethod.MDS: _mds, MapMethod.TSNE: _tsne, MapMethod.UMAP: _umap}


def _oriented(positions: Matrix) -> Matrix:
    """Centre, turn to the principal axes, and point each axis to its longer tail."""
    centred = positions - positions.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = np.pad(centred @ axes.T, ((0, 0), (0, 2 - len(axes))))
    skew = (turned**3).sum(axis=0)
    # A symmetric axis has no longer tail: there the first point decides.
    level = 1e-6 * np.abs(turned**3).sum(axis=0)
    signs = np.where(np.abs(skew) > level, np.sign(skew), -np.sign(turned[0]))
    return np.asarray(turned * np.where(signs == 0, 1, signs), dtype=np.float64)
