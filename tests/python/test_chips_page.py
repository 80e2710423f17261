# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/chips.md says what the chips' files say."""

import chips_page


def test_the_page_is_current():
    assert chips_page.PAGE.read_text() == chips_page.page(), (
        "run tests/python/chips_page.py, which writes docs/chips.md"
    )
