"""One scripted session of the command line: every command once, on three tiny tasks."""

import contextlib
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import backtest_store
import small_store
from frozen_json import answers, steady
from live_server import LiveServer
from small_network import reference_of

from task2vec import Client
from task2vec.cli.run import run

TASKS = ("emoji_food", "fashion_tops", "greek_capitals", "latin_small_letters")

#: Command lines by the names of their documents, in the order in which they run. All get `--json`
#: and the store; `doctor` names the packages of this machine, so that only its states are kept.
LOCAL = {
    "embed": "embed sources/emoji_food --images 12 --tag pictures",
    "embed_taken_name": "embed sources/emoji_food --images 12",
    "batch_dry_run": "batch sources --images 12 --dry-run",
    "batch": "batch sources --images 12",
    "list": "list",
    "list_tag": "list --tag pictures",
    "show": "show emoji_food",
    "show_unknown": "show emoji_fod",
    "export": "export emoji_food food.npz",
    "neighbours": "neighbours emoji_food",
    "neighbours_asymmetric": "neighbours emoji_food --asymmetric -k 1",
    "neighbours_centred": "neighbours emoji_food --geometry centred",
    "neighbours_source": "neighbours sources/fashion_tops --images 6 --seed 1",
    "neighbours_none": "neighbours emoji_food --tag nothing",
    "distance": "distance emoji_food greek_capitals",
    "map": "map",
    "probes": "probes",
    "models_add": "models add {small} --name small",
    "models_list": "models list",
    "models_show": "models show small",
    "models_published": "models published --max-parameters 5M --limit 3",
    "recommend": "recommend emoji_food --budget 0",
    "recommend_explain": "recommend sources/fashion_tops --images 6 --budget 0 --explain --code",
    "recommend_measured": "recommend emoji_food --images 12 --budget 1 "
    "--architecture tf_efficientnet_lite0",
    "finetune": "finetune emoji_food --from small --images 18 --epochs 1 --name expert",
    "evaluate": "evaluate expert sources/emoji_food --images 20",
    "predict": "predict expert new",
    "predict_broken": "predict expert new broken.png",
    "models_show_expert": "models show expert",
    "models_export": "models export expert expert.safetensors",
    "outcomes_add": "outcomes add efficientnet_lite0 emoji_food --accuracy 0.91 --images 96",
    "outcomes_import": "outcomes import outcomes.csv",
    "outcomes_list": "outcomes list --task emoji_food",
    "backtest_few": "backtest",
    "recommend_outcomes": "recommend fashion_tops --budget 0 --explain",
    "bundle_export": "bundle export tops.bundle --name tops --task fashion_tops --licence CC0",
    "bundle_import": "bundle import tops.bundle",
    "bundle_import_again": "bundle import tops.bundle",
    "bundle_list": "bundle list",
    "bundle_import_shipped": "bundle import development --store shipped",
    "list_own": "list --no-bundles",
    "recommend_bundles": "recommend emoji_food --budget 0",
    "bundle_remove": "bundle remove tops",
    "outcomes_remove": "outcomes remove --protocol twice",
    "information": "information sources/emoji_food --probe efficientnet_lite0?input_size=32 "
    "--images 4 --rounds 1 --betas 1e-5,1e-3",
    "keys_create": "keys create ci --scope write --requests-per-minute 60",
    "keys_list": "keys list",
    "keys_revoke": "keys revoke ci",
    "keys_log": "keys log",
    "doctor": "doctor",
    "serve": "serve --show-settings",
    "backtest": "backtest --store outcomes",
    "compare": "compare emoji_food --models small --images 18 --epochs 1",
}
#: What prints no JSON: refused at once, with nothing on stdout. `worker` ends with the session.
PLAIN = {
    "demo": "demo --examples nosuch",
    "experts_get": "experts get --examples nosuch",
    "worker_without_server": "worker",
}
#: Of a server, whose worker comes late: what waits is shown as it waits.
REMOTE = {
    "jobs_list": "jobs list",
    "jobs_show": "jobs show {job}",
    "jobs_cancel": "jobs cancel {other}",
    "jobs_wait_cancelled": "jobs wait {other}",
}
#: On the folder of the server's store: its page.
BESIDE = {"open": "open --no-browser"}
WORKED = {"jobs_wait": "jobs wait {job}", "doctor_server": "doctor"}
LAST = {
    "models_remove": "models remove expert --cascade",
    "remove": "remove greek_capitals --cascade",
}
#: What a worker is lent, by the kind of job: the question as it reaches the worker.
LEASES = {
    "lease_embed": ("tasks", {"dataset": "{data}", "name": "lent", "tags": ["a"]}),
    "lease_search": ("search", {"dataset": "{data}", "k": 2}),
    "lease_distances": (
        "distances",
        {"source": {"dataset": "{data}"}, "target": {"task": "emoji_food"}},
    ),
    "lease_recommend": ("recommendations", {"dataset": "{data}", "budget": 5}),
    "lease_finetune": ("finetunings", {"dataset": "{data}", "start": "efficientnet_lite1"}),
    "lease_compare": ("comparisons", {"dataset": "{data}", "models": ["small"]}),
    "lease_predict": ("predictions", {"dataset": "{data}", "model": "expert"}),
    "lease_evaluate": ("evaluations", {"dataset": "{data}", "model": "expert"}),
}
LINES = LOCAL | PLAIN | BESIDE | REMOTE | WORKED | LAST
NAMES = (*LINES, "worker", *LEASES)
#: What varies besides: a secret, weights trained on this processor, what is installed, when the
#: last progress came, when files were written, and what there was no time for.
_HIDDEN = {
    # The spread of few draws: another number of threads sums in another order, and moves it.
    "information": {"loss_error"},
    "keys_create": {"key"},
    "models_show_expert": {"sha256"},
    "models_export": {"sha256"},
    # Of numbers whose last digit another processor rounds otherwise.
    "bundle_export": {"sha256", "bytes"},
    "bundle_import": {"sha256"},
    "bundle_import_again": {"sha256"},
    "bundle_list": {"sha256"},
    "models_remove": {"sha256"},
    "lease_predict": {"sha256"},
    "lease_evaluate": {"sha256"},
    "doctor": {"found", "state", "remedy"},
    "jobs_wait": {"progress"},
    "outcomes_list": {"source"},
    "recommend_measured": {"warnings", "untried", "budget_needed"},
}
#: Tolerances where the order of sums shows: ratios of small elements, and training with noise.
#: Measured with one thread and with two: at most 0.7 %, 0.5 % and 14 %.
LOOSE = {
    "distance": 0.02,
    "recommend_explain": 0.02,
    "recommend_outcomes": 0.02,
    "information": 0.3,
}


def record(root: Path) -> dict[str, Any]:
    """Run the session in the empty folder ``root``, which is the working folder; return all."""
    names = {"small": reference_of(Path())}
    _prepare(root)
    found = {name: _local(line, names) for name, line in LOCAL.items()}
    found |= {name: call(line, plain=True) for name, line in PLAIN.items()}
    found |= _served(root)
    found |= {name: call(line) for name, line in LAST.items()}
    return {
        name: steady(one, root=root, hidden=frozenset(_HIDDEN.get(name, ())))
        for name, one in found.items()
    }


def _prepare(root: Path) -> None:
    for task in TASKS[:3]:
        small_store.cut(task, root / "sources" / task, classes=3, images=6)
    small_store.cut("flags_by_continent", root / "sources" / "single", classes=1, images=2)
    (root / "sources" / "void").mkdir()
    (root / "new").mkdir()
    for label in sorted((root / "sources" / "emoji_food").iterdir()):
        shutil.copy(min(label.iterdir()), root / "new" / f"{label.name}.png")
    (root / "broken.png").write_bytes(b"\x89PNG and no more")
    lines = [
        f"{m},emoji_food,0.{m[-1]},twice" for m in ("efficientnet_lite0", "efficientnet_lite1")
    ]
    (root / "outcomes.csv").write_text("\n".join(["model,task,accuracy,protocol", *lines, ""]))


def _local(line: str, names: dict[str, str]) -> dict[str, Any]:
    if line.startswith("backtest --store"):
        backtest_store.fill(Path("store"), Path("outcomes"), relatives=3)
    return call(line.format(**names))


def call(line: str, *more: str, plain: bool = False) -> dict[str, Any]:
    """Run a command in this process; all of stdout has to be JSON unless it is plain."""
    arguments = shlex.split(line)
    if not plain:
        arguments.append("--json")
    if not plain and not more and "--store" not in arguments and "information" not in arguments:
        arguments += ["--store", "store"]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = run([*arguments, *more])
    out = output.getvalue()
    return {"command": f"task2vec {shlex.join(arguments)}", "code": code, "out": answers(out)}


def _served(root: Path) -> dict[str, Any]:
    """Serve the store without a worker, look at what waits, then let a worker run one job."""
    server = LiveServer(root / "server.log")
    with server:
        url = server.start(("--workers", 0), store=root / "store", folder=root)
        with Client(url) as client:
            data = client.datasets.upload("sources/emoji_food", name="lent").id
            found = {name: _lent(url, *asked, data) for name, asked in LEASES.items()}
            jobs = {
                key: client.embed("sources/emoji_food", name=key, images=6, wait=False).id
                for key in ("job", "other")
            }
        found |= {name: call(line) for name, line in BESIDE.items()}
        found |= _remote(REMOTE, url, jobs)
        with _working(url) as worker:
            found |= _remote(WORKED, url, jobs)
    return found | {"worker": worker}


def _remote(lines: dict[str, str], url: str, jobs: dict[str, str]) -> dict[str, Any]:
    return {name: call(line.format(**jobs), "--url", url) for name, line in lines.items()}


def _lent(url: str, path: str, question: dict[str, Any], data: str) -> Any:
    """Ask for work, and return what the server lends a worker for it; then cancel it."""
    asked = json.loads(json.dumps(question).replace("{data}", data))
    job = _post(f"{url}/v1/{path}", asked)
    lease = _post(f"{url}/v1/leases", {"worker": "frozen", "kinds": [job["kind"]]})
    _post(f"{url}/v1/jobs/{job['id']}:cancel", {})
    _post(f"{url}/v1/leases/{job['id']}:release", {"fence": lease["fence"]})
    return lease


def _post(url: str, body: dict[str, Any]) -> Any:
    request = Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@contextlib.contextmanager
def _working(url: str) -> Iterator[dict[str, Any]]:
    """Run a worker; at the end tell it to stop, and fill in what it did."""
    line = "worker --device cpu --name frozen"
    done: dict[str, Any] = {"command": f"task2vec {line}"}
    with subprocess.Popen(
        [sys.executable, "-m", "task2vec", *line.split(), "--url", url],
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
    ) as process:
        try:
            yield done
        finally:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=60)
            done |= {"code": process.returncode, "out": answers(out)}
