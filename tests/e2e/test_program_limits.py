# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small programs that ask for too much: every tool ends soon, in bounded memory, with the same one error.

What the verifier accepts, the machine runs to the end; what the machine refuses, the verifier refuses.
"""

import resource
import subprocess

import pytest
from arsis_tools import BIN

SECONDS, BYTES = 20, 4 << 30  # of one tool; the address space counts
MODES = [["--functional-only"], ["--timing-only"]]
NO_OPERANDS = " ".join(f"{n}=0, {n}Stride=[0, 0, 0, 0], {n}Type=f32," for n in "abc")


def tool(name: str, *arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(BIN / name), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES)),
    )


def fill(count: str, stride: str = "[0, 0, 0, 1]", at: object = 0) -> str:
    return (
        f"map function=fill, count={count}, destination={at}, destinationStride={stride}, destinationType=f32, "
        f"{NO_OPERANDS} immediate=1"
    )


def vector(*instructions: str) -> str:
    return "\n  ".join(["arsis 1\ndram 4\nstream vector 0", *instructions]) + "\n"


def reduce(count: str, mask: int) -> str:
    return (
        f"reduce function=sum, count={count}, reduceMask={mask}, destination=32, destinationStride=[0, 0, 0, 0], "
        "a=0, aStride=[0, 0, 0, 0], aType=f32, accumulate=0"
    )


def pool(count: str, window: str) -> str:
    return (
        f"pool function=sum, count={count}, destination=32, destinationStride=[0, 0, 0, 0], a=0, "
        f"aStride=[0, 0, 0, 0], aType=f32, window={window}, windowStride=[0, 0]"
    )


def pool_grad(count: str) -> str:
    return (
        f"pool_grad function=max, count={count}, x=0, xStride=[0, 0, 0, 0], gradient=0, gradientStride=[0, 0, 0, 0], "
        "window=[1, 1], windowStride=[0, 0], destination=32"
    )


def multiply(count: str) -> str:
    return (
        "arsis 1\ndram 4\nstream matrix 0\n  load_weights bank=0, source=0, kCount=[1, 1, 1], kStride=[0, 0, 0], "
        f"nCount=1, nStride=1, type=f32\n  multiply bank=0, source=0, mCount={count}, mStride=[0, 0, 0], "
        "kCount=[1, 1, 1], kStride=[0, 0, 0], type=f32, acc=0, accStride=[0, 0, 0], accumulate=0\n"
    )


def tensor(declaration: str, dram: int, more: str = "") -> str:
    return f"arsis 1\ndram {dram}\ntensor x {declaration}\n{more}"


def placement(memory: str) -> str:
    return f"arsis 1\ndram 4\nplacement {memory} w 0 8 slots 1 layer x\nstream vector 0\n  wait\n"


P16, P30, P31 = 1 << 16, 1 << 30, 1 << 31
# Refused by what reads a program, so in every tool with the same words.
MALFORMED = {
    "four extents of 2^31": (vector(fill(f"[{P31}, {P31}, {P31}, {P31}]")), "visits more than 2^60 elements"),
    "an extent product of 2^64": (vector(pool(f"[{P16}, {P16}, {P16}, {P16}]", "[1, 1]")), "visits more than 2^60"),
    "gradients of 2^64 windows": (vector(pool_grad(f"[{P16}, {P16}, {P16}, {P16}]")), "visits more than 2^60"),
    "a sum of 2^93 ones": (vector(reduce(f"[{P31}, {P31}, {P31}, 1]", 7)), "visits more than 2^60 elements"),
    "a sum of 2^62 ones": (vector(reduce(f"[{P31}, {P31}, 1, 1]", 3)), "visits more than 2^60 elements"),
    "a window of 65535 x 65535": (vector(pool("[1, 1, 1, 1]", "[65535, 65535]")), "visits 4294836225 elements"),
    "a map of 2^62": (vector(fill(f"[{P31}, {P31}, 1, 1]", "[0, 0, 0, 0]")), "visits more than 2^60 elements"),
    "a product of 2^64 rows": (multiply(f"[{P31}, {P31}, 4]"), "visits more than 2^60 elements"),
    "a reach of 2^51": (vector(fill("[1, 1048576, 1, 1]", "[0, 2147483647, 0, 0]")), "reaches from 0 to above 2^40"),
    "work of 2^49": (vector("loop 262144", reduce(f"[{P31}, 1, 1, 1]", 1), "end_loop"), "more than 2^48 elements"),
    "a tensor of 2^30 elements in 4 bytes": (
        tensor("output f32 [1048576, 1024, 1, 1] stride [0, 0, 0, 0] at 0 observable", 4),
        "tensor 'x': elements overlap, dimension 0 has stride 0, expected at least 1",
    ),
    "256 bytes of initial values for 4 bytes of memory": (
        tensor("parameter f32 [1, 1, 1, 64] stride [0, 0, 0, 0] at 0", 4, "initial x hex\n  | " + "7f" * 256 + "\n"),
        "tensor 'x': elements overlap, dimension 3 has stride 0, expected at least 1",
    ),
    "a host shape that is no permutation": (
        tensor("input f32 [1, 2, 3, 4] at 0 host [1, 2, 4, 3] permutation [0, 1, 2, 3]", 96),
        "tensor 'x': host dimension 2 is 4, expected the 3 of its dimension 2",
    ),
    **{
        f"a plan in {memory}": (placement(memory), f"found '{memory}', expected the accumulator of a matrix unit")
        for memory in ("acc", "accx", "acc999", "acc99999999999999999999")
    },
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_program(tmp_path, name):
    text, message = MALFORMED[name]
    source = tmp_path / "p.s"
    source.write_text(text)
    for command in [["arsis-verify"], *(["arsis-sim", *mode] for mode in MODES)]:
        done = tool(command[0], source, "--chip", "tiny", *command[1:])
        assert done.returncode == 1 and message in done.stderr, done
        assert done.stderr.count("error:") == 1 and len(done.stderr.splitlines()) == 1


# (program, what the verifier says, what the machine says)
REFUSED_BY_BOTH = {
    "2^30 results in one place": (
        vector(fill(f"[{P30}, 1, 1, 1]", "[0, 0, 0, 0]")),
        "destination element is written more than once",
        "destination has 1073741824 elements in a memory of 16384",
    ),
    "2^30 gradients": (
        vector(fill("[1, 1, 1, 16]"), pool_grad(f"[{P30}, 1, 1, 1]")),
        "spreads 1073741824 gradients",
        "gradient has 1073741824 elements in a memory of 16384",
    ),
    "2^30 rows of an accumulator": (
        multiply(f"[{P30}, 1, 1]"),
        "streams 1073741824 rows",
        "acc has 1073741824 rows in a memory of 256",
    ),
    "an unmet requirement on a real key": (
        "arsis 1\ndram 4\nrequires dram.tcl_ns >= 1000000\n",
        "the program requires dram.tcl_ns >= 1000000",
        "it needs dram.tcl_ns >= 1000000, found 13.75",
    ),
    "weights in another type than the product": (
        multiply("[1, 1, 1]").replace("type=f32", "type=bf16", 1),
        "weight bank 0 holds weights in bf16, expected the f32 of this product",
        "multiply streams f32, but weight bank 0 holds bf16",
    ),
}


@pytest.mark.parametrize("name", REFUSED_BY_BOTH)
def test_verifier_refuses_what_the_machine_refuses(tmp_path, name):
    text, verifier, machine = REFUSED_BY_BOTH[name]
    source = tmp_path / "p.s"
    source.write_text(text)
    done = tool("arsis-verify", source, "--chip", "tiny")
    assert done.returncode == 1 and verifier in done.stderr, done
    for mode in MODES:
        done = tool("arsis-sim", source, "--chip", "tiny", "--no-verify", *mode)
        assert done.returncode == 1 and machine in done.stderr, done
    done = tool("arsis-sim", source, "--chip", "tiny")
    assert done.returncode == 1 and done.stderr.count("error:") == 1
    assert "the verifier rejects the program" in done.stderr or machine in done.stderr


def test_a_type_that_the_arrays_do_not_multiply(tmp_path):
    source = tmp_path / "p.s"
    source.write_text(multiply("[1, 1, 1]").replace("type=f32", "type=f16"))
    lacking = ["--chip", "tiny", "--set", "matrix.fp16_passes=0"]
    missed = "matrix.fp16_passes >= 1, found 0"
    done = tool("arsis-verify", source, *lacking)
    assert done.returncode == 1 and f"[chip] the program requires {missed} on chip tiny" in done.stderr, done
    for mode in MODES:
        done = tool("arsis-sim", source, *lacking, "--no-verify", *mode)
        assert done.returncode == 1 and f"cannot run this program, it needs {missed}" in done.stderr, done


ACCEPTED = {
    "a sum of 2^26 ones": vector(fill("[1, 1, 1, 4]"), reduce(f"[{1 << 26}, 1, 1, 1]", 1)),
    "a met requirement on a real key": "arsis 1\ndram 4\nrequires dram.tcl_ns >= 1\n",
    "extents of 2^31 around nothing": vector(fill(f"[{P31}, {P31}, {P31}, 0]")),
    "two million increments": "arsis 1\ndram 4\ncounter c0 vector 0\nstream vector 0\n  loop 2000000\n"
    "    wait increment(c0)\n  end_loop\nstream store 0\n  wait after(c0 >= 2000000)\n",
    "rows of empty loops": vector("loop 1000", *["loop 4294967295", "end_loop"] * 10000, "wait", "end_loop"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_machine_runs_what_the_verifier_accepts(tmp_path, name):
    source = tmp_path / "p.s"
    source.write_text(ACCEPTED[name])
    for command in [["arsis-verify"], *(["arsis-sim", *mode] for mode in MODES)]:
        done = tool(command[0], source, "--chip", "tiny", *command[1:])
        assert done.returncode == 0 and not done.stderr, done


def test_a_chip_whose_requests_are_no_whole_bursts(tmp_path):
    source = tmp_path / "p.s"
    source.write_text(vector("wait"))
    for name in ("arsis-verify", "arsis-sim"):
        done = tool(name, source, "--chip", "tiny", "--set", "dma.request_bytes=194")
        assert done.returncode == 1
        assert (
            "dma.request_bytes gives 194 bytes, expected a multiple of the 64 bytes of dram.burst_bytes" in done.stderr
        )


def test_a_chip_whose_accumulators_no_host_can_hold(tmp_path):
    source = tmp_path / "p.s"
    source.write_text(vector("wait"))
    for name in ("arsis-verify", "arsis-sim"):
        done = tool(
            name, source, "--chip", "datacentre", "--set", "matrix.units=16", "--set", "matrix.accumulator_rows=1048576"
        )
        assert done.returncode == 1 and "expected at most 2147483648" in done.stderr, done


def test_a_step_of_more_than_9223_seconds(tmp_path):
    source = tmp_path / "p.s"
    source.write_text(vector("loop 1000", fill("[1, 1, 1, 16384]"), "end_loop"))
    slow = ["clock.core_mhz=1", "vector.lanes=1", "vector.cycles_simple=1000"]
    done = tool("arsis-sim", source, "--chip", "tiny", "--timing-only", *(f"--set={value}" for value in slow))
    assert done.returncode == 1
    assert done.stderr == "error: the simulated time exceeds 9223 s, expected a step that ends before\n"


def test_initial_values_follow_the_strides(tmp_path):
    """Four ones of a tensor with gaps read back as four ones."""
    import numpy as np

    source = tmp_path / "p.s"
    source.write_text(
        tensor(
            "parameter f32 [1, 1, 2, 2] stride [0, 0, 8, 4] at 0 observable",
            64,
            "initial x hex\n  | " + "0000803f" * 4 + "\n",
        )
    )
    done = tool("arsis-sim", source, "--chip", "tiny", "--functional-only", "--outputs", tmp_path / "out.npz")
    assert done.returncode == 0, done
    with np.load(tmp_path / "out.npz") as outputs:
        assert outputs["x"].tolist() == [[[[1, 1], [1, 1]]]]


def test_a_verdict_without_room_for_an_error_is_refused(tmp_path):
    source = tmp_path / "p.s"
    source.write_text("arsis 1\ndram 4\nstream load 9\n")  # a queue that tiny does not have
    done = tool("arsis-verify", source, "--chip", "tiny", "--max-errors", 0)
    assert done.returncode == 1 and "accepted" not in done.stdout
    assert "--max-errors" in done.stderr and "expected" in done.stderr


def test_budgets(tmp_path):
    source = tmp_path / "p.s"
    source.write_text(vector("loop 300000", "wait", "end_loop"))
    done = tool("arsis-verify", source, "--chip", "tiny", "--unroll")
    assert done.returncode == 1 and "300000 instances, expected at most 250000 to write them out" in done.stderr
    source.write_text(vector("loop 1000", reduce(f"[{P31}, 1, 1, 1]", 1), "end_loop"))
    done = tool("arsis-sim", source, "--chip", "tiny", "--functional-only")
    assert done.returncode == 1
    assert "visits 2147483648000 elements, expected at most 1099511627776 (--max-work)" in done.stderr
    assert tool("arsis-sim", source, "--chip", "tiny", "--timing-only", "--no-verify").returncode == 0  # costs no work
    source.write_text(
        "arsis 1\ndram 4\ntensor x input f32 [1, 1, 1, 1] at 0\nstream load 0\n  loop 1000000\n    load tensor=x, "
        "coordinate=[0, 0, 0, 0], box=[1, 1, 1, 16384], local=0, localStride=[0, 0, 0, 1], localType=f32, fill=0\n"
        "  end_loop\n"
    )
    done = tool("arsis-sim", source, "--chip", "tiny", "--timing-only", "--max-work", 16383999999)
    assert done.returncode == 1
    assert "visits 16384000000 elements, expected at most 16383999999 (--max-work)" in done.stderr


def test_many_tensors_at_one_place(tmp_path):
    source = tmp_path / "p.s"
    source.write_text(
        "arsis 1\ndram 4\n" + "".join(f"tensor x{i} temporary f32 [1, 1, 1, 1] at 0\n" for i in range(3000))
    )
    done = tool("arsis-verify", source, "--chip", "tiny")
    assert done.returncode == 1 and "more than 4194304 pairs of tensors share bytes" in done.stderr


def test_tensors_that_span_gigabytes(tmp_path):
    source = tmp_path / "p.s"
    source.write_text(
        f"arsis 1\ndram {8 << 30}\n"
        + "".join(
            f"tensor x{i} input f32 [2, 1, 1, 1] stride [{P31 - 1}, 0, 0, 0] at 0\n"
            f"tensor y{i} input f32 [1, 1, 1, {P31 - 1}] at 0\n"
            for i in range(40)
        )
    )
    done = tool("arsis-verify", source, "--chip", "tiny")
    assert done.returncode == 1 and "shares bytes with tensor" in done.stderr and "bad_alloc" not in done.stderr
