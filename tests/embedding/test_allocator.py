import subprocess
import sys

from task2vec.embedding import allocator


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_memory_still_comes_and_goes_afterwards():
    # In a process of its own: the setting cannot be taken back.
    done = run(
        "from task2vec.embedding.allocator import keep_freed_memory as keep\n"
        "print([keep(), keep()])\n"
        "import torch\n"
        "print(sum(int(torch.ones(1 << 22).sum()) for _ in range(20)) == 20 << 22)\n"
    )
    answer, total = done.stdout.split("\n")[:2]
    assert answer == ("[True, True]" if sys.platform.startswith("linux") else "[False, False]")
    assert total == "True"


def test_freed_blocks_stay_with_the_process():
    # A block of 64 MiB written twice: the second time no page is new to the process.
    done = run(
        "import resource, torch\n"
        "from task2vec.embedding.allocator import keep_freed_memory\n"
        "taken = keep_freed_memory()\n"
        "faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "torch.ones(1 << 24)\n"
        "start = faults()\n"
        "torch.ones(1 << 24)\n"
        "print(taken, faults() - start)\n"
    )
    taken, faults = done.stdout.split()
    if taken == "True":
        assert int(faults) < 2000  # 16,384 pages of 4 KiB otherwise


def test_elsewhere_than_on_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert allocator.keep_freed_memory() is False


def test_another_c_library_is_left_alone(monkeypatch):
    def absent(name):
        raise OSError(name)

    monkeypatch.setattr(allocator.ctypes, "CDLL", absent)
    assert allocator.keep_freed_memory() is False
