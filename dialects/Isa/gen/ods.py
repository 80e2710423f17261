# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""IsaOps.td.inc: one operation of the MLIR isa dialect per instruction that has instances, and the enumerations.

The including .td defines the dialect, `Isa_Op<mnemonic, traits>` and the attribute constraints Isa_AffineAttr,
Isa_ExtentAttr, Isa_AddressAttr, Isa_TensorAttr, Isa_U8Attr, Isa_U16Attr, Isa_U32Attr, Isa_I32Attr, Isa_F32Attr and
Isa_WaitsAttr, and for fields that are arrays `class Isa_ArrayOf<Attr element, int count>` and
`class Isa_IntegerArray<int count>`. Loops are regions there, so the loop markers have no operation here.
"""

from model import Field, Isa, Kind, snake


def enum_cases(kind: Kind) -> str:
    return ", ".join(f'I32EnumAttrCase<"{c.name}", {v}, "{c.text}">' for v, c in enumerate(kind.cases))


def generate_cases(isa: Isa) -> str:
    """IsaCases.td.inc: the cases of every enumeration, for dialects that have an enumeration of the same cases."""
    out = ["// Generated from isa.td by gen/ods.py: do not edit.", ""]
    out += [f"defvar Isa_{e.cpp}Cases = [{enum_cases(e)}];" for e in isa.enums]
    return "\n".join(out) + "\n"


def enum_attribute(kind: Kind) -> list[str]:
    summary = kind.prose.rstrip(".")
    return [
        f'def Isa_{kind.cpp}Enum : I32EnumAttr<"{kind.cpp}", "{summary}", [{enum_cases(kind)}]> {{',
        '  let cppNamespace = "::arsis::isair";',
        "  let genSpecializedAttr = 0;",
        "}",
        f'def Isa_{kind.cpp}Attr : EnumAttr<Isa_Dialect, Isa_{kind.cpp}Enum, "{snake(kind.cpp)}">;',
    ]


def attribute(field: Field) -> str:
    """The constraint of a field: arrays of integers are dense, other arrays hold one attribute per element."""
    if not field.count:
        return field.kind.ods
    dense = field.kind.cpp.removeprefix("u").startswith("int")
    return f"Isa_IntegerArray<{field.count}>" if dense else f"Isa_ArrayOf<{field.kind.ods}, {field.count}>"


def generate(isa: Isa) -> str:
    out = ["// Generated from isa.td by gen/ods.py: do not edit.", ""]
    for e in isa.enums:
        out += enum_attribute(e)
    for i in isa.instructions:
        if i.marker:
            continue
        arguments = ["OptionalAttr<Isa_WaitsAttr>:$waits", "OptionalAttr<Isa_U8Attr>:$increment"]
        arguments += [f"{attribute(f)}:${f.name}" for f in i.fields]
        out += [
            "",
            f'def Isa_{i.cpp}Op : Isa_Op<"{i.mnemonic}"> {{',
            f'  let summary = "{i.summary}";',
            f"  let description = [{{{i.semantics}}}];",
            "  let arguments = (ins " + ",\n    ".join(arguments) + ");",
            '  let assemblyFormat = "attr-dict";',
            "}",
        ]
    return "\n".join(out) + "\n"
