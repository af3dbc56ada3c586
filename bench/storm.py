"""Times a clinic's requests while another clinic sends the dearest search from 40 threads."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlencode

from bench.timing import Series, timed
from config import PROJECT

THREADS = 40
# The longest search by rank, which counts the further visits of each slot of three months.
DEAREST_DAYS = 91
PATIENCE_SECONDS = 30
# As long as the storm takes to reach every process, and to let each count the days once.
_SETTLE_SECONDS = 4


@contextmanager
def storm(port: int, key: str, query: Mapping[str, object]) -> Iterator[None]:
    """Let 40 threads search without a pause, whatever they are answered, while the block runs."""
    command = [sys.executable, "-m", "bench.storm", str(port), key, urlencode(query)]
    child = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE)  # noqa: S603 - our own
    time.sleep(_SETTLE_SECONDS)
    try:
        yield
    finally:
        child.communicate(timeout=PATIENCE_SECONDS)


def beside(
    port: int, key: str, query: Mapping[str, object], acts: Mapping[str, Callable[[], object]], calls: int
) -> Iterator[tuple[Series, Series]]:
    """Time each act of a neighbour while it is quiet, and again in a storm."""

    def times(name: str, act: Callable[[], object]) -> Series:
        return timed(name, lambda _: act(), range(calls))

    quiet = [times(f"{name}, quiet", act) for name, act in acts.items()]
    with storm(port, key, query):
        for before, (name, act) in zip(quiet, acts.items(), strict=True):
            yield before, times(f"{name}, in a storm", act)


def _rage(port: int, key: str, query: str) -> None:
    """Search from every thread until the standard input ends, then print how it was answered."""
    answers: Counter[int] = Counter()
    calm = False

    def search() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        while not calm:
            connection.request("GET", f"/v1/availability?{query}", headers={"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            answer.read()
            answers[answer.status] += 1
        connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        begun = time.perf_counter()
        searching = [pool.submit(search) for _ in range(THREADS)]
        sys.stdin.read()
        calm = True
        for one in searching:
            one.result()
        seconds = time.perf_counter() - begun
    told = ", ".join(f"{count / seconds:.0f} times {status}" for status, count in sorted(answers.items()))
    print(f"The storm was answered each second: {told}.", flush=True)


if __name__ == "__main__":
    _rage(int(sys.argv[1]), sys.argv[2], sys.argv[3])
