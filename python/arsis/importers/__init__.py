# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files of other tools become models and chips: `python -m arsis import FILE...`.

`scalesim` reads topologies (CSV) and chips (cfg) of SCALE-Sim, `timeloop` problems (YAML), `onnxim` chips (JSON).
Layers are the plain data of `layers`, which `network` makes an ONNX model of; `chips` writes a chip file in which
every figure that the other tool does not know says so."""
