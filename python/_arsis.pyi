# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Written by scripts/stubs.py from the module; do not edit.
"""
Compiler, simulated chip and reference of Arsis. Use the package `arsis`.
"""
from __future__ import annotations
class ChipError(Error):
    """A chip's file, or a value of it, is wrong."""

class Error(ValueError):
    """Whatever Arsis refuses. Raised itself where no kind below fits, among them mistakes of Arsis."""

class FileError(Error, OSError):
    """A file cannot be read or written. Also an OSError."""

class Infeasible(Error):
    """Model and chip are each right, but the chip has no room for it, or cannot run it."""

class InputError(Error):
    """An argument, an option or an array is wrong."""

class ModelError(Error):
    """A model cannot be read, compiled or trained."""

class ProgramError(Error):
    """A program is damaged or unsound: it races, deadlocks, or leaves a memory."""

import numpy
import os
import typing
__all__: list[str] = ['Chip', 'ChipError', 'Error', 'FileError', 'ImportedModel', 'Infeasible', 'InputError', 'ModelError', 'Program', 'ProgramError', 'Reference', 'Session', 'chip_keys', 'chip_overrides', 'chips', 'compile', 'compile_options', 'describe_chip_key', 'describe_options', 'dram_presets', 'inlined_model', 'load_plugin', 'name_options_as_flags', 'option_name', 'parameter_readers', 'parse_overrides', 'read_json', 'read_tensors', 'refuse_shared_files', 'schedules', 'step_reference', 'verify', 'write_file', 'write_tensors']
class Chip:
    """
    The checked values of a chip, by dotted key.
    """
    def __init__(self, name_or_path: str, overrides: dict[str, str] = {}) -> None:
        ...
    def assumed(self) -> list[str]:
        """
        Keys whose source says that the value is assumed.
        """
    def differences(self, other: Chip) -> list[str]:
        """
        Keys on which the chips differ, sorted.
        """
    def keys(self) -> list[str]:
        """
        The keys that the chip gives, in the order of the manual page.
        """
    def overrides(self) -> dict[str, str]:
        """
        The values that are not the file's, as text by key.
        """
    def power(self) -> dict[str, typing.Any]:
        """
        What its events, time and parts cost: energies by key, static_mw and area_mm2 by part, the limit of the clock.
        """
    def read_latency_ns(self) -> float:
        """
        Of the DRAM, unloaded, row open, without the burst.
        """
    def source(self, key: str) -> str:
        ...
    def text(self, key: str) -> str:
        """
        The value as written.
        """
    def unit(self, key: str) -> str:
        ...
    def value(self, key: str) -> int | float | str:
        """
        int, float or str, as the key is. Raises ChipError for no key.
        """
    def with_overrides(self, values: dict[str, str]) -> Chip:
        """
        The same chip with values replaced, given as text.
        """
    @property
    def description(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
class Program:
    """
    A compiled program: what `compile` returns and a Session runs. Pickles as its bytes.
    """
    @staticmethod
    def from_bytes(data: bytes, folder: str = '') -> Program:
        """
        The program of these bytes; files of initial values are looked for from `folder` on.
        """
    @staticmethod
    def load(path: str | os.PathLike[str]) -> Program:
        """
        Reads a program file. Raises FileError or ProgramError.
        """
    def __bytes__(self) -> bytes:
        ...
    def __getstate__(self) -> tuple[typing.Any, ...]:
        ...
    def __setstate__(self, arg0: tuple[typing.Any, ...]) -> None:
        ...
    def disassemble(self) -> str:
        """
        The program as assembly text.
        """
    def save(self, path: str | os.PathLike[str], weights: str | os.PathLike[str] | None = None) -> None:
        """
        Writes the program file. With `weights`, the name of a second file (.safetensors), the initial values go there; the program names it by the way from its own folder, with its SHA-256, and is refused a value where the file has gone or changed. This object stays as it is.
        """
    def summary(self) -> str:
        """
        Its tables and streams, for people.
        """
    @property
    def dram_bytes(self) -> int:
        """
        Bytes of DRAM that its tensors occupy.
        """
    @property
    def nn_module(self) -> str:
        """
        The mapped module, which the reference runs.
        """
    @property
    def not_observable(self) -> list[str]:
        """
        Tensors that fusion removed.
        """
    @property
    def options(self) -> dict[str, str]:
        """
        What it was compiled from and for, as texts.
        """
    @property
    def tensors(self) -> list[typing.Any]:
        """
        One dictionary per tensor: name, role, type, shape on the chip and on the host.
        """
class Session:
    """
    A program, or several, on a simulated chip; keeps its DRAM from step to step. Several programs, numbered in the order of the list, share parameters, state and gradients by name: they are there once.
    """
    def __init__(self, program: Program | list[Program], chip: str, overrides: dict[str, str] = {}, verify: bool = True, max_instances: int = 250000000) -> None:
        ...
    def adopt_state(self, other: Session) -> None:
        """
        Takes parameters and state of another session.
        """
    def price(self, chip: str, *, overrides: dict[str, str] = {}) -> str:
        """
        The report that the last run would have had on a chip that differs in its energies (keys `energy.*` and `technology.*`) and in nothing else, as JSON text: the same events and times, priced again.
        """
    def read(self, name: str, program: int | None = None) -> numpy.ndarray[typing.Any, typing.Any]:
        """
        Copies a tensor from the chip, in the host's shape; `program` as for `write`.
        """
    def run(self, mode: str = 'full', latency_seed: int | None = None, trace: str | os.PathLike[str] | None = None, program: int = 0, trace_detail: str = 'units', trace_window: str = '', max_instances: int = 250000000, max_work: int = 1099511627776, power: bool = False) -> str:
        """
        Runs one step, of the program of this number; returns the report as JSON text. `trace` is a file for Perfetto, of detail layers, units or instructions, and of the cycles BEGIN:END of `trace_window`. `power`: whether the report has power over time.
        """
    def write(self, name: str, array: typing.Any, program: int | None = None) -> None:
        """
        Copies an array of the host's shape to the chip. `program` says whose tensor, where the name is that of several.
        """
class Reference:
    """
    The reference for a program, with parameters and state of its own: write, run, read, as a Session.
    """
    def __init__(self, program: Program) -> None:
        ...
    def read(self, name: str) -> numpy.ndarray[typing.Any, typing.Any]:
        """
        A copy of a result, or of what was written.
        """
    def run(self, backend: str = 'onednn') -> None:
        """
        Takes one step. "exact": in the chip's order of summation, bit for bit; "onednn": in oneDNN's; "plain" and "f64": plain loops in fp32 and fp64.
        """
    def write(self, name: str, array: typing.Any) -> None:
        """
        Copies an array of the host's shape; float64 is for the backend "f64".
        """
class ImportedModel:
    """
    A model that is read once and compiled often; arguments as for `arsis.compile`.
    """
    def __init__(self, model: bytes | str | os.PathLike[str], *, train: bool = False, batch: int | None = None, dims: dict[str, int] = {}, tie: list[str] = [], untie: list[str] = [], freeze: list[str] = [], random_weights: int | None = None) -> None:
        ...
    def compile(self, chip: str, *, overrides: dict[str, str] = {}, **kwargs: bool | str | list[str]) -> Program:
        """
        The program that `arsis.compile` makes, to the byte. `train` is to be what the model was read for.
        """
    def schedules(self, chip: str, *, overrides: dict[str, str] = {}, **kwargs: bool | str | list[str]) -> tuple[typing.Any, ...]:
        """
        What the function `schedules` returns for the model; `train` as for `compile`.
        """
def chip_keys() -> list[str]:
    """
    Every key of a chip, in the order of the manual page.
    """
def chip_overrides(chip: str, overrides: dict[str, str]) -> list[str]:
    """
    The values that differ from the chip's file as KEY=VALUE, in the order of the schema.
    """
def chips() -> list[str]:
    """
    Names of the shipped chips.
    """
def compile(model: bytes | str | os.PathLike[str], chip: str, *, overrides: dict[str, str] = {}, batch: int | None = None, dims: dict[str, int] = {}, tie: list[str] = [], untie: list[str] = [], freeze: list[str] = [], random_weights: int | None = None, **kwargs: bool | str | list[str]) -> Program:
    """
    See arsis.compile.
    """
def compile_options() -> dict[str, str]:
    """
    What `compile` takes by keyword besides its own arguments: name and meaning.
    """
def describe_chip_key(key: str) -> str:
    """
    What a key means, in a sentence; empty if there is no such key.
    """
def describe_options() -> str:
    """
    Every option of `compile` and `schedules` with its meaning, one a line.
    """
def dram_presets() -> list[str]:
    """
    Names of the shipped timings for `dram.preset`.
    """
def inlined_model(model: str | os.PathLike[str]) -> bytes:
    """
    The bytes of an ONNX file without functions, made from the one at the path `model`: each function's nodes are where it was called. Weights that lie in other files stay there. Raises ModelError or FileError.
    """
def load_plugin(path: str | os.PathLike[str]) -> None:
    """
    Loads a library that brings instructions, operations, strategies or kernels, before the first program that uses them. It stays until the process ends.
    """
def name_options_as_flags(flags: bool) -> bool:
    """
    Whether messages call an option `--at-step`, as on a command line, or `at_step`, as the keyword. Returns what it was before.
    """
def option_name(name: str) -> str:
    """
    What messages call the option `at-step`.
    """
def parameter_readers(model: str | os.PathLike[str], *, tie: list[str] = [], untie: list[str] = [], random_weights: int | None = None) -> dict[str, list[tuple[int, int]]]:
    """
    For each parameter and running statistic of an ONNX file, by the name it has in a program: the inputs that read it, as pairs (number of the node in the file, number of its input). Of a file with functions the nodes are those of `inlined_model`.
    """
def parse_overrides(entries: list[str]) -> dict[str, str]:
    """
    KEY=VALUE texts as a dictionary. Raises InputError for anything else.
    """
def read_json(text: typing.Any) -> typing.Any:
    """
    As json.loads, whatever the floating-point mode of the thread. Raises ValueError.
    """
def read_tensors(path: str | os.PathLike[str]) -> dict[str, numpy.ndarray[typing.Any, typing.Any]]:
    """
    Arrays by name of an .npz file: float32, float64, int32 or int64, in C order.
    """
def refuse_shared_files(inputs: dict[str, str | os.PathLike[str]], outputs: dict[str, list[str | os.PathLike[str]]]) -> None:
    """
    Raises InputError if one of the files to write is also read, or written twice. Both map what messages call a file to its path, outputs to a list of paths.
    """
def schedules(model: bytes | str | os.PathLike[str], chip: str, *, overrides: dict[str, str] = {}, batch: int | None = None, dims: dict[str, int] = {}, tie: list[str] = [], untie: list[str] = [], freeze: list[str] = [], random_weights: int | None = None, **kwargs: bool | str | list[str]) -> tuple[typing.Any, ...]:
    """
    As far as the schedules: they as JSON, and for each a dictionary of what the search found. See arsis.schedules.
    """
def step_reference(model: bytes | str | os.PathLike[str], *, batch: int | None = None, dims: dict[str, int] = {}, tie: list[str] = [], untie: list[str] = [], freeze: list[str] = [], random_weights: int | None = None, **kwargs: bool | str | list[str]) -> Reference:
    """
    The reference for a model, without any chip (no backend "exact"). Keywords as for `compile`.
    """
def verify(program: Program, chip: str, *, overrides: dict[str, str] = {}, max_findings: int = 20, max_instances: int = 250000000) -> dict[str, typing.Any]:
    """
    See arsis.verify.
    """
def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """
    Writes bytes to a file that appears complete, in place of a former one, or not at all.
    """
def write_tensors(path: str | os.PathLike[str], arrays: dict[str, typing.Any]) -> None:
    """
    Writes arrays by name as an .npz file, in the same way.
    """
