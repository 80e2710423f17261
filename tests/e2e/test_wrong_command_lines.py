# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A wrong command line is one error of one form, in every tool: what was found, what was expected."""

import pytest
from arsis_tools import tool

ONCE = "found it more than once, expected it once"
NATURAL = "expected a whole number of at least"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a program p.s and a model m.onnx."""
    from onnx import TensorProto, helper, save

    folder = tmp_path_factory.mktemp("files")
    (folder / "p.s").write_text("arsis 1\ndram 0\n")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "twice.json").write_text('{"relu/fwd/relu": {"slots": {"tiles": 1, "tiles": 2}}}')
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"], name="relu")], "m", value[:1], value[1:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(folder / "m.onnx"))
    return folder


VERIFY, SIM = "arsis-verify {folder}/p.s --chip=tiny", "arsis-sim {folder}/p.s --chip=tiny"
COMPILE = "arsis-compile {folder}/m.onnx --emit=nn"
MAP = "arsis-compile {folder}/m.onnx --batch=2 --chip=tiny --emit=mapped --mapping={folder}/"
FOLDER = "{folder}: cannot read the file: Is a directory"


@pytest.mark.parametrize(
    "command,problem",
    [
        ("arsis-verify {folder}/p.s", "--chip: found nothing, expected a value (see --help)"),
        ("arsis-verify {folder}/p.s --chip", "--chip: found no value, expected one"),
        ("arsis-verify {folder} --chip=tiny", FOLDER),
        ("arsis-sim {folder} --chip=tiny", FOLDER),
        ("arsis-as dump {folder}", FOLDER),
        ("arsis-translate --asm-to-isa {folder}", FOLDER),
        (COMPILE + " --mapping={folder}", FOLDER),
        (
            "arsis-compile {folder}/m.onnx --batch=2 --chip={folder}/ --emit=tile",
            "cannot read the file: Is a directory",
        ),
        (MAP + "deep.json", "brackets nest 100000 deep, expected operations and their schedules"),
        (MAP + "twice.json", "a key is given twice, expected every operation and every field of it once"),
        ("arsis-chip show {long}", "unknown chip 'xxx"),
        ("arsis-sim {folder}/p.s --chip={long}", "unknown chip 'xxx"),
        ("arsis-compile {folder}/m.onnx --batch=2 --chip={long} --emit=tile", "unknown chip 'xxx"),
        ("arsis-sim {long} --chip=tiny", "cannot read the file: File name too long"),
        ("arsis-chip sow", "found command 'sow' with 0 arguments, expected arsis-chip keys | list"),
        ("arsis-chip", "found no command"),
        (VERIFY + " --max-errors=0", f"--max-errors: found '0', {NATURAL} 1"),
        (VERIFY + " --max-errors=-1", f"--max-errors: found '-1', {NATURAL} 1"),
        (VERIFY + " --max-errors=1e3", f"--max-errors: found '1e3', {NATURAL} 1"),
        (VERIFY + " --max-instances=18446744073709551616", "--max-instances: found '18446744073709551616'"),
        (SIM + " --max-instances=-1", f"--max-instances: found '-1', {NATURAL}"),
        (SIM + " --perturb-latency=-1", f"--perturb-latency: found '-1', {NATURAL} 0"),
        (SIM + " --chip=edge", f"--chip: {ONCE}"),
        (SIM + " --timing-only --timing-only", f"--timing-only: {ONCE}"),
        (
            SIM + " --set=dram.phy_ns=9 --set=dram.phy_ns=9",
            "--set: found dram.phy_ns more than once, expected it once",
        ),
        (SIM + " --timing", "found option '--timing', expected one of those that --help lists"),
        (SIM + " again", "found more arguments than the 1 expected"),
        (SIM + " --report=", "--report"),
        (COMPILE + " --batch=x", "--batch: found 'x', expected a whole number from 1 to 9223372036854775807"),
        (COMPILE + " --batch=-1", "--batch: found '-1', expected a whole number from 1"),
        (COMPILE + " --batch=1 --batch=2", f"--batch: {ONCE}"),
        (COMPILE + " --dim=N=2 --dim=N=3", "--dim: found 'N=3' beside 'N=2', expected one value"),
        (COMPILE + " --keep=gradients", "--keep=gradients: found no training step"),
        (COMPILE + " --loss=softmax-xent", "expected --train with them"),
        (COMPILE + " --optimizer=sgd", "expected --train with them"),
        (COMPILE + " --train=yes", "--train: found a value, expected none"),
        (COMPILE + " --train --optimizer=sgd,lr=1,lr=2", "--optimizer: found lr more than once, expected it once"),
        (COMPILE + " --train --optimizer=sgd,lr=1e-46", "--optimizer, lr: found '1e-46', which is 0 in fp32"),
        (COMPILE + " --train --keep=gradients,gradients", "--keep: found gradients more than once"),
        ("arsis-compile --emit=nn", "--model: found nothing, expected a value (see --help)"),
        ("arsis-translate {folder}/p.s", "expected one of --isa-to-binary, --isa-to-asm, --binary-to-isa"),
        ("arsis-as dump {folder}/p.s --weights=x", "--weights belongs to asm and disasm, found dump"),
        (COMPILE + " --weights=-", "--weights: found '-', expected the name of a file"),
        (COMPILE + " --weights=w", "--weights: found --emit nn, expected bin or asm"),
    ],
)
def test_one_error(folder, command, problem):
    def text(part):
        return part.format(folder=folder, long="x" * 5000)

    done = tool(*map(text, command.split()), check=False)
    assert done.returncode == 1, done
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1 and text(problem) in done.stderr, done
