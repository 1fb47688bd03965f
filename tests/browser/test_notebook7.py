"""The quickstart in real Jupyter Notebook 7: run, use, save, lose the kernel, reopen, use again."""

from __future__ import annotations

import pytest

from tests.browser import scenarios

pytestmark = [pytest.mark.slow, pytest.mark.kernel]


def test_quickstart_lives_on(serve, open_page, shots, root):
    scenarios.quickstart_lives_on("notebook", serve, open_page, shots, root)
