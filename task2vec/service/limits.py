"""What a recommended starting model must keep to."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from task2vec.errors import SettingError
from task2vec.types import ModelRecord


@dataclass(frozen=True)
class Limits:
    """What a starting model must keep to. The default is subject to them as well.

    ``architecture`` is a shell pattern, ``licence`` one name, compared without case. Raises
    `SettingError` for fewer than one parameter.
    """

    max_parameters: int | None = None
    architecture: str | None = None
    licence: str | None = None

    def __post_init__(self) -> None:
        if self.max_parameters is not None and self.max_parameters < 1:
            raise SettingError(
                "The limit on parameters lets nothing pass",
                expected="at least 1",
                got=str(self.max_parameters),
            )

    def allow(self, model: ModelRecord) -> bool:
        """Whether a model keeps to the limits; one whose figure is unknown does not."""
        if self.max_parameters is not None and (
            model.parameters is None or model.parameters > self.max_parameters
        ):
            return False
        if self.architecture is not None and not fnmatchcase(model.architecture, self.architecture):
            return False
        return self.licence is None or (model.licence or "").lower() == self.licence.lower()
