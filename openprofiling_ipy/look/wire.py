"""What both ends of a look know: the address, who is at the other end, and how messages are written."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from typing import Any, NamedTuple

__all__ = ["LONGEST", "Peer", "address", "may_look", "open_socket", "peer_of", "receive", "send", "supported"]

#: Seconds that a look may take.
LONGEST = 60.0
#: A message is one JSON object in a frame of its own: four bytes of length, then so many.
_LENGTH = struct.Struct("!I")
_MOST = 1 << 22
_CREDENTIALS = struct.Struct("3i")


class Peer(NamedTuple):
    """Who is at the other end, as the system knows it."""

    pid: int
    user: int


def supported() -> bool:
    """Tell whether this system has what it takes: sockets without a file, and the word of who is at the other end."""
    return sys.platform == "linux" and hasattr(socket, "SO_PEERCRED")


def address(pid: int) -> str:
    """Return where a process listens: a name that is gone with it, in no folder."""
    return f"\0openprofiling-look-{pid}"


def open_socket() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def peer_of(connection: socket.socket) -> Peer:
    pid, user, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return Peer(pid, user)


def may_look(user: int) -> bool:
    """Tell whether that user is this one, or root."""
    return user in (os.geteuid(), 0)


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    connection.sendall(_LENGTH.pack(len(data)) + data)


def receive(connection: socket.socket) -> dict[str, Any]:
    """Return the message that comes. Raises OSError where it is none of ours, and ValueError where it is no JSON."""
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    if length > _MOST:
        raise OSError("a message is too long")
    message = json.loads(_exactly(connection, length))
    if not isinstance(message, dict):
        raise OSError("a message is no object")  # what went wrong is the connection
    return message


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(min(count - len(data), 65536))
        if not piece:
            raise OSError("the connection was closed")
        data += piece
    return data
