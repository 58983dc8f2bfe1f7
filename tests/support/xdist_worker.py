"""The interpreter that pytest-xdist starts for each of its processes: it has one forked instead.

Three interpreters that each import torch would take 15 CPU-seconds. It lends the fork its standard
files and waits until that one has ended. It imports nothing that takes time.
"""

import json
import os
import socket
import sys


def main(address: str, command: list[str]) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [b"\0"], [0, 1, 2])
        connection.sendall(json.dumps([command, dict(os.environ), ""]).encode() + b"\n")
        for number in (0, 1):  # Else whoever reads from the fork would never see its end.
            os.close(number)
        while connection.recv(100):
            pass


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
