"""How much is logged while an agent is started."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.errors import InvalidOption

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["at_level"]

#: All loggers of this package are below it.
_LOGGER: Final = "openprofiling_ipy"


def at_level(level: int | str | None) -> Callable[[], None]:
    """Let this package log from `level` on, None: as before. Returns what puts it back. Raises InvalidOption."""
    logger = logging.getLogger(_LOGGER)
    before = logger.level
    if level is None:
        return lambda: None
    try:
        logger.setLevel(level)
    except (ValueError, TypeError):
        raise InvalidOption("log_level", level, "give a level of logging, such as INFO") from None
    return lambda: logger.setLevel(before)
