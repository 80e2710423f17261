# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every node test that ONNX publishes gives the published values on the machine, or one error that says why not; and
docs/conformance.md is what they show."""

import pytest

pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")

import conformance_page  # noqa: E402
from onnx_cases import DEBIAN, published  # noqa: E402

if not DEBIAN.is_dir():
    pytest.skip("needs Debian's libonnx-testdata", allow_module_level=True)


@pytest.mark.parametrize("source", conformance_page.SOURCES)
def test_no_case_gives_other_values(source):
    wrong = {name: found.wrong for name, found in conformance_page.outcomes(source).items() if found.wrong}
    assert not wrong


@pytest.mark.parametrize("source", conformance_page.SOURCES)
def test_gradients_are_slopes(source):
    outcomes = conformance_page.outcomes(source)
    found = {name: outcome.gradient for name, outcome in outcomes.items() if outcome.gradient}
    wrong = {name: said for name, said in found.items() if said != "agrees"}
    known = conformance_page.WITHOUT_GRADIENT
    assert not {name: said for name, said in wrong.items() if not any(each in said for each in known)}


def test_the_page_is_current():
    assert conformance_page.PAGE.read_text() == conformance_page.page(), (
        "run tests/conformance/conformance_page.py, which writes docs/conformance.md"
    )


def test_cases_are_there():
    """Not fewer than were published when this was written."""
    assert len(published("debian")) > 900 and len(published("package")) > 1600
