"""Serving until a signal comes, and then finishing what is in hand: no request is cut off by a deploy.

Waitress by itself ends in the middle of answers. Its loop is run here turn by turn instead, so that it goes on sending
while nothing new is accepted.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from time import monotonic, time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.wasyncore import dispatcher, loop

from backoffice.operations import draining

# How long a turn of the loop waits for something to happen.
TURN_SECONDS = 1.0
TURN_WHILE_ENDING = 0.05
# Between connecting and asking lies the way through the network; browsers also connect without asking.
NEW_SECONDS = 1.0
_logger = logging.getLogger(__name__)


def serve(server: Any, *, delay: int, seconds: int) -> None:
    """Serve until SIGTERM or SIGINT, then for `delay` seconds more, and end once all requests in hand are answered.

    That takes `seconds` at most. A second signal ends the process at once.
    """
    sockets: dict[int, Any] = getattr(server, "map", None) or server._map
    listening = [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]
    _listen_for_signals(lambda: listening[0].pull_trigger())
    while not draining.is_draining():
        loop(TURN_SECONDS, map=sockets, count=1)
    _logger.info("Told to end: finishing what is in hand, %s seconds at most.", delay + seconds)
    until = monotonic() + delay
    while monotonic() < until:
        loop(TURN_WHILE_ENDING, map=sockets, count=1)
    _refuse_new(listening, sockets)
    left = _finish(sockets, monotonic() + seconds)
    if left:
        _logger.warning("%s requests took longer than DRAIN_SECONDS and were cut off.", left)


def _listen_for_signals(wake: Callable[[], None]) -> None:
    def end(*_signal: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)
        draining.begin()
        wake()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)


def _refuse_new(listening: list[Any], sockets: dict[int, Any]) -> None:
    """Close what listens, but take in who has knocked already; the servers' triggers stay, which answers need."""
    for each in listening:
        known = -1
        while known != len(sockets):
            known = len(sockets)
            each.handle_accept()
        dispatcher.close(each)
    # What they have sent by now is read before anybody is taken for idle.
    loop(0, map=sockets, count=1)


def _finish(sockets: dict[int, Any], until: float) -> int:
    """Answer what is in hand; how many requests were left when the time was up."""
    while True:
        channels = [each for each in sockets.values() if isinstance(each, HTTPChannel)]
        idle = [channel for channel in channels if not _is_busy(channel) and not _is_new(channel)]
        for channel in idle:
            channel.handle_close()
        if len(idle) == len(channels) or monotonic() >= until:
            return sum(map(_is_busy, channels))
        loop(TURN_WHILE_ENDING, map=sockets, count=1)


def _is_busy(channel: Any) -> bool:
    """Whether a request is being received, worked on or answered on this connection."""
    return bool(channel.requests or channel.request is not None or channel.total_outbufs_len)


def _is_new(channel: Any) -> bool:
    """Whether somebody has only just connected and will ask in a moment."""
    return bool(channel.last_activity == channel.creation_time and time() - channel.creation_time < NEW_SECONDS)
