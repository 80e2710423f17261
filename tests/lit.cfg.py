# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one lit configuration: every .mlir below tests/ is a test of the compiler's tools."""

import os

import lit.formats

config.name = "arsis"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "e2e", "python", "house", "fuzz"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.arsis_binary_dir, "tests", "lit")

tools = os.path.join(config.arsis_binary_dir, "bin")
config.environment["PATH"] = os.pathsep.join([tools, config.llvm_tools_dir, os.environ["PATH"]])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --dump-input=fail"
config.substitutions.append(("%source_dir", config.arsis_source_dir))
# Every pass is followed by the verifier and by a round trip through text.
config.substitutions.append(("%arsis_opt", "arsis-opt --verify-each --verify-roundtrip"))

for tool in ("arsis-opt", "arsis-translate", "arsis-compile", "arsis-as", "arsis-sim", "arsis-verify"):
    if os.path.exists(os.path.join(tools, tool)):
        config.available_features.add(tool)
