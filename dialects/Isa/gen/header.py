# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Instructions.h.inc: enumerations, instruction structs, the Body variant, the dispatch list."""

from model import FIRST_EXTERNAL_OPCODE, Instruction, Isa, Kind

DEFAULTS = {"Extent": "", "Affine": "", "Address": "", "TensorIndex": "", "float": " = 0.0f"}


def enum_definition(kind: Kind) -> list[str]:
    cases = [f"  {case.name}, // {case.prose}" for case in kind.cases]
    return [f"/// {kind.prose}", f"enum class {kind.cpp} : uint8_t {{", *cases, "};", ""]


def enum_traits(kind: Kind) -> list[str]:
    qualified = kind.cpp if kind.namespace == "isa" else f"{kind.namespace}::{kind.cpp}"
    names = ", ".join(f'"{case.text}"' for case in kind.cases)
    lines = [
        f"template <> struct EnumTraits<{qualified}> {{",
        f'  static constexpr std::string_view kWhat = "{kind.cpp}";',
        f"  static constexpr std::string_view kNames[] = {{{names}}};",
        "};",
    ]
    if kind.header:
        lines += [
            f'static_assert(unsigned({qualified}::{case.name}) == {value}, "isa.td and {kind.header} differ");'
            for value, case in enumerate(kind.cases)
        ]
    return [*lines, ""]


def struct(i: Instruction) -> list[str]:
    lines = [f"/// {i.summary}. {i.semantics}", f"struct {i.cpp} {{"]
    lines += [
        f"  static constexpr Opcode kOpcode = Opcode::{i.cpp};",
        f'  static constexpr const char *kMnemonic = "{i.mnemonic}";',
    ]
    for f in i.fields:
        default = "{}" if f.count or f.kind.cases else DEFAULTS.get(f.kind.cpp, " = 0")
        if (i.cpp, f.name) == ("Loop", "count"):
            default = " = 1"
        lines.append(f"  {f.cpp_type} {f.name}{default}; // {f.prose}")
    visits = [f'    visitor("{f.name}", {f.name});' for f in i.fields]
    for const in ("", " const"):
        lines += [
            f"  template <class Visitor> void visitFields([[maybe_unused]] Visitor &&visitor){const} {{",
            *visits,
            "  }",
        ]
    same = " && ".join(f"same({f.name}, o.{f.name})" for f in i.fields) or "true"
    unused = "" if i.fields else "[[maybe_unused]] "
    lines += [f"  bool operator==({unused}const {i.cpp} &o) const {{ return {same}; }}", "};", ""]
    return lines


def generate(isa: Isa) -> str:
    out = [
        "// Generated from isa.td by gen/header.py: do not edit. Included by Program.h only.",
        "",
        "namespace arsis::isa {",
        "",
    ]
    for e in isa.enums:
        if e.namespace == "isa":
            out += enum_definition(e)
    for e in isa.enums:
        if e.namespace != "isa":
            out.append(f"using {e.namespace}::{e.cpp};")
    out += [
        "",
        "/// Names of the cases of an enumeration, in order, as the assembly spells them.",
        "template <class E> struct EnumTraits;",
    ]
    for e in isa.enums:
        out += enum_traits(e)
    out += ["enum class Opcode : uint8_t {", *(f"  {i.cpp} = {i.opcode:#04x}," for i in isa.instructions), "};"]
    out += [
        "/// Opcodes from here on belong to instructions registered from outside.",
        f"constexpr uint8_t kFirstExternalOpcode = {FIRST_EXTERNAL_OPCODE:#x};",
    ]
    out += [
        "/// Identifies the description that this code was generated from.",
        f"constexpr uint64_t kSchemaHash = {isa.schema_hash():#018x};",
        "",
    ]
    for i in isa.instructions:
        out += struct(i)
    out += ["/// The last one stands for every instruction from outside."]
    out += [f"using Body = std::variant<{', '.join(i.cpp for i in isa.instructions)}, External>;", ""]
    out += [
        "/// What every instruction is, in the order of Body's alternatives. `streams`: bit per allowed StreamKind."
    ]
    out += [
        "struct InstructionInfo {",
        "  const char *mnemonic;",
        "  Opcode opcode;",
        "  uint8_t streams;",
        "  bool marker;",
        "  const char *summary;",
        "};",
    ]
    out += ["constexpr InstructionInfo kInstructionInfo[] = {"]
    kinds = [case.name for case in next(e for e in isa.enums if e.cpp == "StreamKind").cases]
    for i in isa.instructions:
        mask = sum(1 << kinds.index(s.name) for s in i.streams) if i.streams else (1 << len(kinds)) - 1
        out.append(
            f'    {{"{i.mnemonic}", Opcode::{i.cpp}, {mask:#04x}, {"true" if i.marker else "false"}, "{i.summary}"}},'
        )
    out += [
        "};",
        "",
        "} // namespace arsis::isa",
        "",
        "/// X(struct, mnemonic, opcode) for every instruction.",
        "#define ARSIS_ISA_INSTRUCTIONS(X) \\",
    ]
    out += [f'  X({i.cpp}, "{i.mnemonic}", {i.opcode:#04x}) \\' for i in isa.instructions]
    out += [
        "",
        "/// X(struct, mnemonic, opcode) for every instruction that has instances: all but the loop markers.",
        "#define ARSIS_ISA_EXECUTABLE(X) \\",
    ]
    out += [f'  X({i.cpp}, "{i.mnemonic}", {i.opcode:#04x}) \\' for i in isa.instructions if not i.marker]
    return "\n".join(out) + "\n\n"
