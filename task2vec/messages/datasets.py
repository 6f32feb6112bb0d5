"""Data sets: uploaded sources, kept until their retention ends."""

from pydantic import ConfigDict, Field, HttpUrl

from task2vec.messages.base import Answer, Many, Name, NewName, Page, Question, Time, utc_now


class Dataset(Answer):
    """An uploaded source: what jobs read."""

    id: str
    name: str
    bytes: int
    sha256: str = Field(description="Of the uploaded archive; clients need not send it twice.")
    format: str = Field(description="The suffix by which it is read, such as `.zip`.")
    images: int = Field(
        description="How many labelled images were found in it; of one without labels, how many."
    )
    classes: int = Field(description="0 of images without labels: they can only be classified.")
    warnings: tuple[str, ...]
    created: Time
    expires: Time = Field(description="When it is removed, unless a job still needs it.")


class StoredDataset(Dataset):
    """A data set as the store keeps it; validated as `Dataset` it becomes one.

    ``file`` is relative to the store's directory, ``owner`` the key that sent it.
    """

    id: str = ""
    warnings: tuple[str, ...] = ()
    created: Time = Field(default_factory=utc_now)
    file: str
    owner: str | None = None


class NewDataset(Question):
    """What an uploaded file is called, and whether its images have labels."""

    name: str
    labelled: bool = True


class DatasetPage(Page):
    """A part of the data sets, newest first."""

    datasets: tuple[Dataset, ...]


class RemoteImage(Question):
    """One labelled image somewhere else."""

    url: HttpUrl
    label: Name
    split: str | None = Field(None, pattern="^(train|val|test)$")


class NewRemoteDataset(Question):
    """A data set by its images' addresses. Off unless the server's settings allow hosts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "birds",
                    "images": [
                        {"url": "https://images.example.org/robin/1.jpg", "label": "robin"},
                        {"url": "https://images.example.org/wren/1.jpg", "label": "wren"},
                    ],
                }
            ]
        }
    )

    name: NewName
    images: Many[RemoteImage] = Field(min_length=2, max_length=100_000)
