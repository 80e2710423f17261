# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The records of isa.td as Python objects, checked, with the schema hash of what the encoding depends on."""

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

FIRST_EXTERNAL_OPCODE = 0x80  # from here on: instructions registered from outside


def snake(name: str) -> str:
    """BF16 -> bf16, ScaleAdd -> scale_add."""
    return name.lower() if name.isupper() else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True)
class Case:
    name: str
    prose: str

    @property
    def text(self) -> str:
        return snake(self.name)


@dataclass(frozen=True)
class Kind:
    record: str
    cpp: str
    ods: str
    syntax: str
    encoding: str
    prose: str
    namespace: str = ""
    header: str = ""
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Field:
    kind: Kind
    name: str
    prose: str
    count: int

    @property
    def cpp_type(self) -> str:
        return f"std::array<{self.kind.cpp}, {self.count}>" if self.count else self.kind.cpp


@dataclass(frozen=True)
class Instruction:
    opcode: int
    mnemonic: str
    cpp: str
    streams: tuple[Case, ...]
    fields: tuple[Field, ...]
    marker: bool
    revision: int
    summary: str
    semantics: str


class Isa:
    def __init__(self, records: dict) -> None:
        self.records = records
        of_class = records["!instanceof"]
        self.enums = sorted((self.kind(n) for n in of_class["Enum"]), key=lambda kind: self.line(kind.record))
        plain = set(of_class["FieldKind"]) - set(of_class["Enum"])
        self.kinds = sorted((self.kind(n) for n in plain), key=lambda kind: self.line(kind.record))
        self.instructions = sorted((self.instruction(n) for n in of_class["Instruction"]), key=lambda i: i.opcode)
        self.check()

    @staticmethod
    def read(tblgen: str, td: Path) -> "Isa":
        result = subprocess.run([tblgen, "-dump-json", str(td)], check=True, stdout=subprocess.PIPE)
        return Isa(json.loads(result.stdout))

    def line(self, record: str) -> int:
        return int(self.records[record]["!locs"][0].rsplit(":", 1)[1])

    def case(self, name: str) -> Case:
        return Case(self.records[name]["name"], self.records[name]["prose"])

    def kind(self, name: str) -> Kind:
        r = self.records[name]
        common = (name, r["cpp"], r["ods"], r["syntax"], r["encoding"], r["prose"])
        if "Enum" not in r["!superclasses"]:
            return Kind(*common)
        return Kind(*common, r["cppNamespace"], r["header"], tuple(self.case(c["def"]) for c in r["cases"]))

    def field(self, name: str) -> Field:
        r = self.records[name]
        return Field(self.kind(r["kind"]["def"]), r["name"], r["prose"], r["count"])

    def instruction(self, name: str) -> Instruction:
        r = self.records[name]
        streams = tuple(self.case(c["def"]) for c in r["streams"])
        fields = tuple(self.field(f["def"]) for f in r["fields"])
        return Instruction(
            r["opcode"],
            r["mnemonic"],
            r["cpp"],
            streams,
            fields,
            bool(r["marker"]),
            r["revision"],
            r["summary"],
            r["semantics"],
        )

    def check(self) -> None:
        for what in ("opcode", "mnemonic", "cpp"):
            values = [getattr(i, what) for i in self.instructions]
            if len(set(values)) != len(values):
                raise ValueError(f"two instructions share a {what}: {sorted(values)}")
        for i in self.instructions:
            if not 0 < i.opcode < FIRST_EXTERNAL_OPCODE:
                raise ValueError(
                    f"opcode of {i.mnemonic} is {i.opcode:#x}, expected 1 to {FIRST_EXTERNAL_OPCODE - 1:#x}"
                )
            names = [f.name for f in i.fields]
            if len(set(names)) != len(names):
                raise ValueError(f"{i.mnemonic} has two fields of the same name: {names}")
        for e in self.enums:
            if len(e.cases) > 256:
                raise ValueError(f"{e.cpp} has {len(e.cases)} cases, expected at most 256")

    def schema_hash(self) -> int:
        """64 bits of SHA-256 over what the encoding depends on and the revisions of meaning; prose does not count."""
        enums = [(e.cpp, [c.name for c in e.cases]) for e in self.enums]
        instructions = [
            (
                i.opcode,
                i.mnemonic,
                i.marker,
                i.revision,
                [s.name for s in i.streams],
                [(f.name, f.kind.cpp, f.count) for f in i.fields],
            )
            for i in self.instructions
        ]
        kinds = [(k.cpp, k.encoding) for k in self.kinds]
        digest = hashlib.sha256(json.dumps([enums, kinds, instructions]).encode()).digest()
        return int.from_bytes(digest[:8], "little")
