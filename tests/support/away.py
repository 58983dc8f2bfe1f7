"""Redis, gone in each of the ways that it may be; each is a block, after which it is back."""

import os
import signal
from contextlib import contextmanager

from redis import Redis


def redis(stack) -> Redis:
    return Redis(unix_socket_path=str(stack.var / "redis.sock"))


@contextmanager
def paused(stack):
    """It answers nothing, and its connections stay."""
    pid = stack.children["redis"].process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def down(stack):
    """It is not there."""
    stack.stop("redis")
    try:
        yield
    finally:
        stack.start("redis")


@contextmanager
def full(stack):
    """It takes nothing more: "OOM command not allowed"."""
    before = redis(stack).config_get("maxmemory")["maxmemory"]
    redis(stack).config_set("maxmemory", 1)
    try:
        yield
    finally:
        redis(stack).config_set("maxmemory", before)


@contextmanager
def read_only(stack):
    """It has become a replica, of a server that is not there."""
    redis(stack).replicaof("127.0.0.1", 1)
    try:
        yield
    finally:
        redis(stack).replicaof("NO", "ONE")


WAYS = {"down": down, "silent": paused, "full": full, "read-only": read_only}
