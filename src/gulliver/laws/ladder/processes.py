"""Processes that train beside each other: a number of threads each, and none that outlives the one that started them."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psutil


@contextlib.contextmanager
def processes(workers: int, threads: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of so many processes; whatever ends the block early ends them too, in the middle of their work."""
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start, initargs=(os.getpid(), threads))
    with pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(pool._processes.values()):
                process.terminate()
            raise


def end_with(parent: int) -> None:
    """End this process soon after another one has ended, however that came."""

    def look() -> None:
        while psutil.pid_exists(parent):
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def _start(parent: int, threads: int) -> None:
    """A worker's first act, before it imports what reads the number of threads."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    end_with(parent)
