"""Names that try to lead out of a source."""

import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packed import tar_bytes

from hostile.case import OUTSIDE, Case, encoded, good_files, put, sentinel


def traversal_names(folder: Path) -> list[str]:
    """Return over a hundred different names that mean the image outside, or a way to it."""
    target = f"{OUTSIDE}/secret.png"
    absolute = str(folder.parent / target)
    climbs = ["../" * depth for depth in range(1, 9)]
    names = [climb + target for climb in climbs]
    names += [
        f"{inside}/" + "../" * (depth + 1) + target
        for depth in range(1, 5)
        for inside in ("/".join("abcd"[:depth]), "/".join("." * depth))
    ]
    names += [climb.replace("/", "\\") + target.replace("/", "\\") for climb in climbs]
    names += [absolute, f"/{absolute}", f"//{absolute}", f"file://{absolute}", f"~/{target}"]
    names += [f"C:{absolute}", f"C:\\{target}", f"c:/{target}", f"\\\\?\\C:\\{target}"]
    names += [f"\\\\host\\share\\{target}", f"//host/share/{target}", f"$HOME/{target}"]
    for dots in (
        "..",
        ". .",
        ".. ",
        " ..",
        "..\t",
        "...",
        "....",
        "%2e%2e",
        "%252e%252e",
        "..%2f",
        "..%5c",
        "..;",
        "..\u200b",
        "\u2025",
        "\uff0e\uff0e",
        "\u2024\u2024",
        "..\u0300",
        "..\\",
        "./..",
        "..//",
        "..\\/",
        "..\\..",
        ".%2e",
        "%c0%ae%c0%ae",
        "..%00",
    ):
        names += [f"{dots}/{target}", f"a/{dots}/{dots}/{target}"]
    for slash in ("\u2215", "\u2044", "\uff0f", "%2f", "\u29f8", "\\"):
        names.append(f"..{slash}{target.replace('/', slash)}")
    names += [f"{absolute}{end}" for end in ("/.", "/", " ", "\n", "\r", ".", "#", "?")]
    names += [f"set/../../{target}", f"a/0.png/../../../{target}", f"./././../{target}"]
    names += ["/proc/self/environ", "/dev/zero", "/dev/stdin", "/etc/passwd", "/proc/self/mem"]
    return list(dict.fromkeys(names))


def hostile_names() -> Iterator[Case]:
    """Yield archives and lists with each of the names, and links that lead out."""
    count = len(traversal_names(Path("/a/b")))
    for kind in ("zip", "tar", "csv", "jsonl", "labels", "coco", "yolo", "tar link", "zip link"):
        for n in range(count):
            yield Case(f"{kind} names", f"name {n}", lambda f, kind=kind, n=n: _write(f, kind, n))
    for name in ("file", "folder", "loop", "itself", "above"):
        yield Case("links", name, lambda folder, name=name: _linked(folder, name))


def _write(folder: Path, kind: str, n: int) -> Path:
    name = traversal_names(folder)[n]
    files = good_files()
    match kind:
        case "zip" | "zip link":
            with zipfile.ZipFile(folder / "set.zip", "w") as archive:
                for key, data in files.items():
                    archive.writestr(key, data)
                info = zipfile.ZipInfo("b/link.png" if "link" in kind else "x")
                if "link" in kind:
                    info.external_attr = 0o120777 << 16
                    archive.writestr(info, name)
                else:
                    # The constructor would cut and turn the name.
                    info.filename = name
                    archive.writestr(info, encoded(9))
            return folder / "set.zip"
        case "tar" | "tar link":
            member = tarfile.TarInfo("b/link.png" if "link" in kind else name)
            if "link" in kind:
                member.type, member.linkname = (tarfile.SYMTYPE, tarfile.LNKTYPE)[n % 2], name
            return put(folder, {"set.tar": tar_bytes(files, member)}) / "set.tar"
        case "csv" | "labels":
            quoted = name.replace('"', '""')
            text = f'path,label\na/0.png,a\nb/0.png,b\n"{quoted}",b\n'
            root = put(folder / "set", {**files, "labels.csv": text.encode()})
            return root if kind == "labels" else root / "labels.csv"
        case "jsonl":
            rows = [("a/0.png", "a"), ("b/0.png", "b"), (name, "b")]
            text = "".join(json.dumps({"path": p, "label": x}) + "\n" for p, x in rows)
            return put(folder / "set", {**files, "set.jsonl": text.encode()}) / "set.jsonl"
        case "coco":
            listed = ["a/0.png", "b/0.png", name]
            document = {
                "images": [{"id": i, "file_name": p} for i, p in enumerate(listed)],
                "categories": [{"id": i, "name": "ab"[i]} for i in range(2)],
                "annotations": [
                    {"image_id": i, "category_id": min(i, 1), "bbox": [0, 0, 20, 20]}
                    for i in range(3)
                ],
            }
            text = json.dumps(document)
            return put(folder / "set", {**files, "instances.json": text.encode()})
        case _:
            boxes = {"a/0.txt": b"0 .5 .5 1 1\n", "b/0.txt": b"1 .5 .5 1 1\n"}
            quoted = json.dumps(name)
            yaml = f"path: {quoted}\ntrain: {quoted}\nval: a\ntest: b\nnames: [a, b]\n"
            boxes["data.yaml"] = yaml.encode()
            return put(folder / "set", {**files, **boxes}) / "data.yaml"


def _linked(folder: Path, name: str) -> Path:
    listed = b"path,label\na/0.png,a\nb/0.png,b\nb/l.png,b\n"
    root = put(folder / "set", {**good_files(), "labels.csv": listed})
    outside = folder.parent / OUTSIDE
    link = root / "b" / "l.png"
    match name:
        case "file":
            link.symlink_to(outside / "secret.png")
        case "folder":
            (root / "c").symlink_to(outside, target_is_directory=True)
        case "loop":
            link.symlink_to(root / "b" / "m.png")
            (root / "b" / "m.png").symlink_to(link)
        case "itself":
            link.symlink_to(link)
        case _:
            (root / "b" / "up").symlink_to(root, target_is_directory=True)
    return root


def write_outside(parent: Path) -> Path:
    """Put the image outside, and return its folder."""
    folder = put(parent / OUTSIDE, {"secret.png": sentinel()})
    os.utime(folder, (0, 0))
    return folder
