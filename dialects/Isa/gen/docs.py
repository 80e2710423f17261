# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/isa.md: the manual."""

from model import FIRST_EXTERNAL_OPCODE, Field, Instruction, Isa


def kind_name(f: Field) -> str:
    return f.kind.cpp + (f"[{f.count}]" if f.count else "")


def instruction(i: Instruction) -> list[str]:
    streams = ", ".join(s.text for s in i.streams) or "every stream"
    out = [f"### `{i.mnemonic}`: {i.summary}", "", f"Opcode `{i.opcode:#04x}`, in: {streams}.", "", i.semantics, ""]
    if i.fields:
        out += ["| field | kind | meaning |", "|---|---|---|"]
        out += [f"| `{f.name}` | {kind_name(f)} | {f.prose} |" for f in i.fields]
        out.append("")
    return out


def generate(isa: Isa) -> str:
    out = [
        "# The instruction set",
        "",
        "Generated from `dialects/Isa/isa.td`: edit that, then build the target `arsis-isa-docs`.",
        f"Schema hash `{isa.schema_hash():#018x}`. Opcodes from `{FIRST_EXTERNAL_OPCODE:#x}` are left to instructions "
        "registered from outside.",
        "",
        isa.records["Manual"]["introduction"],
        "",
        "## Instructions",
        "",
        "| opcode | mnemonic | streams | what |",
        "|---|---|---|---|",
    ]
    for i in isa.instructions:
        streams = ", ".join(s.text for s in i.streams) or "every"
        out.append(f"| `{i.opcode:#04x}` | `{i.mnemonic}` | {streams} | {i.summary} |")
    out.append("")
    for i in isa.instructions:
        out += instruction(i)
    out += ["## Kinds of fields", "", "| kind | in assembly | in the binary | meaning |", "|---|---|---|---|"]
    out += [f"| {k.cpp} | {k.syntax} | {k.encoding} | {k.prose} |" for k in isa.kinds]
    out += ["", "## Enumerations", ""]
    for e in isa.enums:
        out += [f"### {e.cpp}", "", e.prose, "", "| value | name | meaning |", "|---|---|---|"]
        out += [f"| {value} | `{c.text}` | {c.prose} |" for value, c in enumerate(e.cases)]
        out.append("")
    out += [isa.records["Manual"]["formats"]]
    return "\n".join(out).rstrip() + "\n"
