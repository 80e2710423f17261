# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small ONNX files made in the test, and what `arsis-compile --emit=nn` says about them."""

import os
import resource
import subprocess
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[3]
TOOL = Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")) / "bin/arsis-compile"


class Outcome:
    def __init__(self, done: subprocess.CompletedProcess) -> None:
        self.code, self.text, self.error = done.returncode, done.stdout, done.stderr

    def ops(self) -> list[str]:
        """The operations of the forward function, one line each, without results and locations."""
        lines = [line.split(" loc(")[0].strip() for line in self.text.splitlines() if " nn." in line and " = " in line]
        return [line.split(" = ", 1)[1] for line in lines if not line.startswith("func")]

    def has(self, *fragments: str) -> None:
        assert self.code == 0, self.error
        for fragment in fragments:
            assert fragment in self.text, f"expected {fragment!r} in\n{self.text}"

    def rejects(self, *fragments: str) -> None:
        assert self.code == 1, f"expected an error, got exit code {self.code}\n{self.text}{self.error}"
        assert self.error.count("error: ") == 1, f"expected exactly one error:\n{self.error}"
        for fragment in fragments:
            assert fragment in self.error, f"expected {fragment!r} in\n{self.error}"


class Importer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.limit = resource.RLIM_INFINITY  # of the tool's memory, in bytes

    def file(self, content: bytes, *options: str) -> Outcome:
        path = self.folder / "model.onnx"
        path.write_bytes(content)
        command = [str(TOOL), str(path), "--emit=nn", *options]

        def restrict() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (self.limit, self.limit))

        return Outcome(subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=restrict))

    def nodes(
        self,
        nodes,
        inputs: dict,
        outputs,
        constants: dict | None = None,
        options=(),
        opset: int = 13,
        ir_version: int = 8,
        value_info=(),
    ):
        """Imports a graph. `inputs` maps names to shapes, `outputs` is names or a map to shapes, `constants` maps
        to arrays."""
        nodes = nodes if isinstance(nodes, list) else [nodes]
        outputs = outputs if isinstance(outputs, dict) else {name: None for name in outputs}

        def info(name, shape):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        tensors = [
            v if isinstance(v, TensorProto) else numpy_helper.from_array(np.asarray(v), k)
            for k, v in (constants or {}).items()
        ]
        graph = helper.make_graph(
            nodes,
            "test",
            [info(*i) for i in inputs.items()],
            [info(*o) for o in outputs.items()],
            tensors,
            value_info=list(value_info),
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
        return self.file(model.SerializeToString(), *options)


def floats(*shape: int) -> np.ndarray:
    """Distinct small values."""
    return (np.arange(np.prod(shape, dtype=int)).reshape(shape) / 8).astype(np.float32)
