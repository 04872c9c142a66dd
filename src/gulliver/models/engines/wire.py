"""Messages between a study and its engine's process: pickles with their length in front, over a pipe."""

import os
import pickle
import select
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


class Inbox:
    """What the other side sends, taken without waiting for more than has come."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._data = bytearray()

    def take(self, wait: bool) -> list[Any]:
        """All messages that have come whole; with `wait`, at least one.

        Raises:
            EOFError: the other side is gone.
        """
        messages = self._whole()
        while True:
            block = wait and not messages
            if not select.select([self._fd], [], [], None if block else 0)[0]:
                return messages
            piece = os.read(self._fd, 1 << 20)
            if not piece:
                raise EOFError
            self._data += piece
            messages += self._whole()

    def one(self) -> Any:
        """The next message.

        Raises:
            EOFError: the other side is gone.
        """
        while True:
            for message in self._whole(most=1):
                return message
            piece = os.read(self._fd, 1 << 20)
            if not piece:
                raise EOFError
            self._data += piece

    def _whole(self, most: int | None = None) -> list[Any]:
        messages: list[Any] = []
        while len(self._data) >= _HEAD.size and (most is None or len(messages) < most):
            end = _HEAD.size + _HEAD.unpack_from(self._data)[0]
            if len(self._data) < end:
                break
            messages.append(pickle.loads(memoryview(self._data)[_HEAD.size : end].tobytes()))
            del self._data[:end]
        return messages
