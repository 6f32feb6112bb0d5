"""Weights from the model hub: ``timm:NAME[@REVISION]`` and ``hf-hub:ORG/NAME[@REVISION]``."""

import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
)
from huggingface_hub.utils.tqdm import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from timm.models import get_pretrained_cfg
from torch import Tensor

from task2vec.errors import InputError, WeightsError
from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.weights import read_safetensors
from task2vec_probes.backbones import check_architecture, default_preprocessing

# A look-up waits for the answer.
_ANSWER_SECONDS = 3.0
# A hub that did not answer is left alone for so long: each question costs that wait.
_AWAY_SECONDS = 600.0
#: By the hub's address, until when it is left alone.
_away: dict[str, float] = {}
_REVISION = re.compile(r"[0-9a-f]{40}")


def timm_card(reference: str) -> ProbeCard:
    """Return the card of ``timm:NAME[@REVISION]``, with the preprocessing that timm states.

    Raises `UnknownNameError` for an architecture or tag that timm does not have, `InputError` for a
    revision that is no full commit (a branch or tag can move).
    """
    name, revision = _split(reference.removeprefix("timm:"))
    check_architecture(name, published=True)
    config = get_pretrained_cfg(name, allow_unregistered=True)
    return ProbeCard(
        name=reference,
        architecture=name.split(".")[0],
        weights=f"timm:{name}@{revision}" if revision else f"timm:{name}",
        preprocessing=default_preprocessing(name),
        licence=(config.license if config else None) or "unknown",
        description=f"timm's {name}",
    )


def hub_card(reference: str) -> ProbeCard:
    """Return the card of ``hf-hub:ORG/NAME[@REVISION]`` from the repository's timm config.

    Raises `WeightsError` when the hub cannot be reached or the repository is not timm's kind.
    """
    repository, revision = _split(reference.removeprefix("hf-hub:"))
    config_file = _download(repository, "config.json", revision)
    try:
        config: dict[str, Any] = dict(json.loads(config_file.read_text(encoding="utf-8")))
        stated = config.get("pretrained_cfg", config)
        preprocessing = Preprocessing(
            input_size=int(stated["input_size"][1]),
            mean=tuple(stated["mean"]),
            std=tuple(stated["std"]),
            interpolation=stated.get("interpolation", "bicubic"),
        )
        architecture = str(config["architecture"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise WeightsError(
            f"{repository} is no timm model",
            expected="a config.json with architecture, input_size, mean and std",
            got=f"{type(error).__name__}: {error}",
        ) from error
    check_architecture(architecture)
    return ProbeCard(
        name=reference,
        architecture=architecture,
        weights=f"hf-hub:{repository}@{config_file.parent.name}",
        preprocessing=preprocessing,
        licence=str(stated.get("license") or "unknown"),
        description=f"{repository} on the model hub",
    )


def hub_state(weights: str) -> tuple[dict[str, Tensor], str]:
    """Return the tensors of a hub reference, and the reference with its revision pinned.

    Raises `WeightsError` when they cannot be downloaded, are not cached, or are no safetensors.
    """
    scheme, _, rest = weights.partition(":")
    name, revision = _split(rest)
    repository = name
    if scheme == "timm":
        config = get_pretrained_cfg(name, allow_unregistered=True)
        repository = (config.hf_hub_id if config else None) or "timm/"
        # timm states the organisation alone where the repository is named like the model.
        if repository.endswith("/"):
            tag = name.partition(".")[2] or (config.tag if config else None)
            repository += name.partition(".")[0] + (f".{tag}" if tag else "")
    path = _download(repository, "model.safetensors", revision)
    state, _ = read_safetensors(path)
    # The hub's cache keeps every file under the commit that it came from.
    return state, f"{scheme}:{name}@{path.parent.name}"


def _split(reference: str) -> tuple[str, str | None]:
    name, _, revision = reference.partition("@")
    if revision and not _REVISION.fullmatch(revision):
        raise InputError(
            "The revision does not pin anything",
            expected="a commit of 40 hexadecimal digits",
            got=revision,
            remedy="Copy the full commit from the model's page.",
        )
    return name, revision or None


def _download(repository: str, file: str, revision: str | None) -> Path:
    """Return a file of a repository: downloaded where the hub answers, else as it was before."""
    try:
        with _silent():
            away = not _answers(repository, file, revision)
            return Path(hf_hub_download(repository, file, revision=revision, local_files_only=away))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise WeightsError(
            f"{file} of {repository} is not on this machine and cannot be downloaded",
            got=f"{type(error).__name__}: {str(error).partition(chr(10))[0]}",
            remedy="Check the name and the network, or use a packaged probe (`task2vec probes`).",
        ) from error


def _answers(repository: str, file: str, revision: str | None) -> bool:
    """Whether the hub has a file, by a single question, or by none where it was away just now.

    Downloads ask six times, with half a minute of pauses between.
    """
    if monotonic() < _away.get(constants.ENDPOINT, 0.0):
        return False
    try:
        url = hf_hub_url(repository, file, revision=revision)
        get_hf_file_metadata(url, timeout=_ANSWER_SECONDS)
    except OfflineModeIsEnabled:
        return False
    except (HfHubHTTPError, HFValidationError):
        return False
    except (httpx2.HTTPError, OSError):
        _away[constants.ENDPOINT] = monotonic() + _AWAY_SECONDS
        return False
    return True


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what the hub's client logs, warns of and draws off the terminal: our errors tell it."""
    logger, drawn = logging.getLogger("huggingface_hub"), not are_progress_bars_disabled()
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    if drawn:
        disable_progress_bars()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        if drawn:
            enable_progress_bars()
