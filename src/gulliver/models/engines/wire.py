"""Messages between a study and its engine's process: pickles with their length in front, over a pipe."""

import os
import pickle
import struct
from typing import Any

_HEAD = struct.Struct("<Q")


def send(fd: int, message: Any) -> None:
    """Write one message whole.

    Raises:
        OSError: the other side is gone.
    """
    data = pickle.dumps(message)
    view = memoryview(_HEAD.pack(len(data)) + data)
    while view:
        view = view[os.write(fd, view) :]


def receive(fd: int) -> Any:
    """Read one message.

    Raises:
        EOFError: the other side is gone.
    """
    (size,) = _HEAD.unpack(_read(fd, _HEAD.size))
    return pickle.loads(_read(fd, size))


def _read(fd: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = os.read(fd, min(size - len(data), 1 << 20))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)
