"""Download and unpack the packages that hold the images, each once, into a cache folder."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

DEFAULT_CACHE = Path.home() / ".cache" / "task2vec-examples"


class PackageError(Exception):
    """A package or the tool that fetches it is missing; the message is one line."""


@dataclass(frozen=True)
class Package:
    """A package of one version; ``sha256`` is of the archive as it is downloaded."""

    name: str
    version: str
    sha256: str
    kind: str = "debian"

    @property
    def page(self) -> str:
        """The address that describes the package."""
        if self.kind == "npm":
            return f"https://www.npmjs.com/package/{self.name}/v/{self.version}"
        if self.kind == "pypi":
            return f"https://pypi.org/project/{self.name}/{self.version}/"
        return f"https://packages.debian.org/{self.name}"


def _flat(name: str) -> str:
    """Return a name without the signs of npm's scopes: a file, not a folder."""
    return name.removeprefix("@").replace("/", "-")


def _run(*command: str, cwd: Path) -> None:
    """Run ``command`` in ``cwd``; raise `PackageError` if it is missing or fails."""
    if shutil.which(command[0]) is None:
        raise PackageError(f"{command[0]} is missing: install it, or run on a machine that has it.")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise PackageError(f"`{' '.join(command)}` failed: {reason}")


def _archive(package: Package, folder: Path) -> Path:
    """Return the archive of ``package`` in ``folder``, downloading it unless it lies there."""
    if package.kind == "npm":
        # npm writes @scope/name as scope-name.
        pattern = f"{_flat(package.name)}-{package.version}.tgz"
        command = ("npm", "pack", "--silent", f"{package.name}@{package.version}")
    elif package.kind == "pypi":
        pattern = f"{package.name.replace('-', '_')}-{package.version}-*.whl"
        wanted = f"{package.name}=={package.version}"
        command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", wanted)
    else:
        # apt writes the colon of an epoch as %3a and appends the architecture.
        pattern = f"{package.name}_{package.version.replace(':', '%3a')}_*.deb"
        command = ("apt-get", "download", "-q", f"{package.name}={package.version}")
    if not list(folder.glob(pattern)):
        _run(*command, cwd=folder)
    found = sorted(folder.glob(pattern))
    if not found:
        raise PackageError(f"`{' '.join(command)}` left no {pattern} in {folder}.")
    return found[0]


def unpacked(package: Package, cache: Path = DEFAULT_CACHE) -> Path:
    """Return the folder of the unpacked ``package``, fetching what the cache does not hold.

    Raises `PackageError` if a tool or that version is missing, or the archive is another one.
    """
    root = cache / "unpacked" / f"{_flat(package.name)}-{package.version.replace(':', '_')}"
    if root.exists():
        return root
    archives = cache / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    archive = _archive(package, archives)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise PackageError(f"{archive} has SHA-256 {digest}, expected {package.sha256}.")
    # Unpacked aside and renamed, so that an interrupted run leaves no half of a package.
    partial = root.with_name(root.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if package.kind == "npm":
        with tarfile.open(archive) as members:
            members.extractall(partial, filter="data")
    elif package.kind == "pypi":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(partial)
    else:
        _run("dpkg", "-x", str(archive), str(partial), cwd=cache)
    partial.rename(root)
    return root
