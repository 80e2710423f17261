// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The instruction set, described once. gen/generate.py reads these records (`llvm-tblgen -dump-json`) and writes the
// C++ structs, the opcode table, the dispatch list, the operations of the MLIR `isa` dialect and docs/isa.md. Every
// sentence of the manual lives here. Changing a field, its order, an opcode or a revision changes the schema hash, and
// programs encoded with the old description are then refused. Opcodes 0x80 to 0xff are never used here: they are left to
// instructions that libraries bring (dialects/Isa/Encoding/External.h).

// ---- Vocabulary ---------------------------------------------------------------------------------------------------

class Case<string theName, string theProse> {
  string name = theName;  // C++ enumerator; the assembly spells it in snake_case
  string prose = theProse;
}

// How one operand is held, written and encoded.
class FieldKind<string theCpp, string theOds, string theSyntax, string theEncoding, string theProse> {
  string cpp = theCpp;            // C++ type
  string ods = theOds;            // attribute constraint in the MLIR dialect
  string syntax = theSyntax;      // in assembly
  string encoding = theEncoding;  // in the binary
  string prose = theProse;
}

// An enumeration. `home` names the header that defines it when that is not the generated one.
class Enum<string theCpp, string theNamespace, string home, list<Case> theCases, string theProse>
    : FieldKind<theCpp, "Isa_" # theCpp # "Attr", "a name below", "1 byte", theProse> {
  string cppNamespace = theNamespace;
  string header = home;
  list<Case> cases = theCases;
}

class Field<FieldKind theKind, string theName, string theProse, int theCount = 0> {
  FieldKind kind = theKind;
  string name = theName;
  string prose = theProse;
  int count = theCount;  // 0: one value; n: an array of n
}

class Instruction<int theOpcode, string theMnemonic, string theCpp, list<Case> theStreams, list<Field> theFields> {
  int opcode = theOpcode;
  string mnemonic = theMnemonic;
  string cpp = theCpp;
  list<Case> streams = theStreams;  // empty: allowed in every stream
  list<Field> fields = theFields;
  int revision = 0;                 // raised when the meaning changes and the fields do not
  bit marker = 0;                   // a loop marker: no instance of its own, no waits, no increment
  string summary;
  string semantics;
}

// ---- Enumerations -------------------------------------------------------------------------------------------------

def StreamLoad : Case<"Load", "one of the DMA queues that read DRAM; the index is the queue">;
def StreamStore : Case<"Store", "one of the DMA queues that write DRAM; the index is the queue">;
def StreamMatrix : Case<"Matrix", "the product side of a matrix unit; the index is the unit">;
def StreamDrain : Case<"Drain", "the accumulator side of a matrix unit; the index is the unit">;
def StreamVector : Case<"Vector", "a vector unit">;
def StreamCollective : Case<"Collective", "exchange between chips; no instruction uses it yet">;

def StreamKind : Enum<"StreamKind", "isa", "",
    [StreamLoad, StreamStore, StreamMatrix, StreamDrain, StreamVector, StreamCollective],
    "What a stream feeds. A program has at most one stream per (kind, index).">;

def ElementType : Enum<"ElementType", "numerics", "dialects/Isa/Numerics/ElementType.h", [
    Case<"F32", "IEEE 754 binary32, 4 bytes">,
    Case<"BF16", "bfloat16, 2 bytes">,
    Case<"F16", "IEEE 754 binary16, 2 bytes">,
    Case<"I32", "two's complement, 4 bytes; labels">],
    "The type of an element in memory. Arithmetic and accumulation are F32: BF16 and F16 are widened exactly as they are read, and "
    "rounded to nearest even as they are written (overflow to infinity, denormals kept, one canonical NaN).">;

def VectorFunction : Enum<"VectorFunction", "numerics", "dialects/Isa/Numerics/Functions.h", [
    Case<"Copy", "a">,
    Case<"Fill", "immediate">,
    Case<"Add", "a + b">,
    Case<"Subtract", "a - b">,
    Case<"Multiply", "a * b">,
    Case<"Fma", "fma(a, b, c), rounded once">,
    Case<"Scale", "a * immediate">,
    Case<"Offset", "a + immediate">,
    Case<"ScaleAdd", "fma(a, immediate, b), rounded once">,
    Case<"Maximum", "the greater of a and b; NaN if either is">,
    Case<"Minimum", "the lesser of a and b; NaN if either is">,
    Case<"Relu", "a > 0 ? a : +0; NaN stays NaN">,
    Case<"SelectPositive", "b > 0 ? a : +0">,
    Case<"Reciprocal", "1 / a">,
    Case<"Rsqrt", "1 / sqrt(a), through double, rounded once">,
    Case<"Exp", "e to the power a">,
    Case<"Log", "natural logarithm of a">,
    Case<"OneHot", "1 if the index along the last dimension equals a (an I32), else 0">,
    Case<"IsFinite", "1 if a is finite, else 0">,
    Case<"Tanh", "hyperbolic tangent of a">,
    Case<"Random", "a number between 0 and 1 from the bits of a, b, c and the immediate, by Philox4x32-10">,
    Case<"Select", "c > 0 ? a : b">,
    Case<"Erf", "error function of a">],
    "What `map` computes for each element. Values are F32, every operation rounds to nearest even.">;

class Combining<string cpp, string prose> : Enum<cpp, "numerics", "dialects/Isa/Numerics/Functions.h", [
    Case<"Sum", "addition, identity +0">,
    Case<"Max", "the better value, identity minus infinity: v replaces best if v > best, or if v is NaN and best is not">],
    prose>;
def ReduceFunction : Combining<"ReduceFunction", "How `reduce` combines elements.">;
def PoolFunction : Combining<"PoolFunction", "How `pool` and `pool_grad` combine the elements of a window.">;

def TensorRole : Enum<"TensorRole", "isa", "", [
    Case<"Input", "written by the host before a step">,
    Case<"Label", "the expected classes, written by the host before a step">,
    Case<"Parameter", "trained; read and rewritten in place by a training step">,
    Case<"State", "lives across steps: optimizer slots, running statistics">,
    Case<"Hyper", "a scalar the host may change between steps, such as the learning rate">,
    Case<"Output", "read by the host after a step">,
    Case<"Loss", "the scalar loss">,
    Case<"Gradient", "of a parameter: computed for the host or another program, or, if complete at launch, by one">,
    Case<"Activation", "an activation kept for the host">,
    Case<"Temporary", "of no interest outside the step">,
    Case<"Constant", "given by the program, never written">],
    "What a tensor of the tensor table is for.">;

def Memory : Enum<"Memory", "isa", "", [
    Case<"Spm", "the scratchpad; addresses count bytes">,
    Case<"Acc", "the accumulator of a matrix unit, whose number follows; addresses count rows">,
    Case<"Dram", "DRAM; addresses count bytes">],
    "Where a buffer of the memory plan lies.">;

// ---- Field kinds --------------------------------------------------------------------------------------------------

def AffineKind : FieldKind<"Affine", "Isa_AffineAttr", "`3 + 4*i0 - 2*i1`", "term count, base, then loop and stride per term",
    "base plus strides times the indices of the enclosing hardware loops; `i0` is the outermost loop.">;
def ExtentKind : FieldKind<"Extent", "Isa_ExtentAttr", "`8`, or `min(8, 30 - 8*i0)`", "clamp flag, tile, and the limit if clamped",
    "a size. The second form is clamp(limit, 0, tile): a ragged edge, or nothing at all when the limit is not positive.">;
def AddressKind : FieldKind<"Address", "Isa_AddressAttr", "`256 + 1024*((1 + i0) mod 2) + 64*i1`",
    "flags with the number of strides, base, the ring if there is one, the strides",
    "bytes in the scratchpad, rows in an accumulator. The `mod` part is a ring: slot size times (affine mod number of slots).">;
def TensorKind : FieldKind<"TensorIndex", "Isa_TensorAttr", "the tensor's name", "unsigned LEB128", "an entry of the tensor table.">;
def U8Kind : FieldKind<"uint8_t", "Isa_U8Attr", "`8`", "1 byte", "an unsigned number, or a set of bits.">;
def U16Kind : FieldKind<"uint16_t", "Isa_U16Attr", "`3`", "unsigned LEB128", "an unsigned number.">;
def U32Kind : FieldKind<"uint32_t", "Isa_U32Attr", "`100`", "unsigned LEB128", "an unsigned number.">;
def I32Kind : FieldKind<"int32_t", "Isa_I32Attr", "`-64`", "signed (zigzag) LEB128", "a signed number.">;
def F32Kind : FieldKind<"float", "Isa_F32Attr", "`0.5`, `-inf`, or the bits `0x3f000000`", "4 bytes", "a number, kept to the bit.">;

// A vector operand: address, element strides of the four dimensions, element type.
class View<string n, string prose> {
  list<Field> fields = [
    Field<AddressKind, n, prose>,
    Field<I32Kind, n # "Stride", "elements between neighbours of `" # n # "` along each dimension; 0 broadcasts", 4>,
    Field<ElementType, n # "Type", "element type of `" # n # "`">];
}

// ---- Control ------------------------------------------------------------------------------------------------------

def Loop : Instruction<0x01, "loop", "Loop", [], [
    Field<U32Kind, "count", "iterations, at least 1">]> {
  let marker = 1;
  let summary = "begin a hardware loop";
  let semantics = "The instructions up to the matching `end_loop` run `count` times. The index of the loop is available to every "
      "affine operand inside as `i` followed by the nesting depth. Loops nest at most 8 deep. A loop has no waits, no "
      "increment, and takes no issue slot per iteration.";
}

def EndLoop : Instruction<0x02, "end_loop", "EndLoop", [], []> {
  let marker = 1;
  let summary = "end the innermost hardware loop";
  let semantics = "Returns to the start of the loop until its iterations are used up.";
}

def WaitOnly : Instruction<0x03, "wait", "WaitOnly", [], []> {
  let summary = "wait for counters, do nothing else";
  let semantics = "Holds the stream until its waits are satisfied, then performs its increment if it has one. It occupies no unit; the time is "
      "attributed as a stall of the instruction that follows. Several of them express more than two waits.";
}

// ---- Data movement ------------------------------------------------------------------------------------------------

def Load : Instruction<0x10, "load", "Load", [StreamLoad], [
    Field<TensorKind, "tensor", "what is read">,
    Field<AffineKind, "coordinate", "signed position of the box in the tensor", 4>,
    Field<ExtentKind, "box", "size of the box", 4>,
    Field<AddressKind, "local", "where the box goes, bytes in the scratchpad">,
    Field<I32Kind, "localStride", "elements between neighbours along each dimension of the box", 4>,
    Field<ElementType, "localType", "element type in the scratchpad; a different type of the tensor is cast">,
    Field<F32Kind, "fill", "value of the elements outside the tensor">]> {
  let summary = "DRAM to scratchpad";
  let semantics = "For every b in the box: if coordinate + b lies inside the tensor's shape, the element there is read from DRAM, else `fill` "
      "stands for it; it is cast to `localType` and written to element sum(b[d] * localStride[d]) of `local`. Only elements inside "
      "the tensor are traffic.";
}

def Store : Instruction<0x11, "store", "Store", [StreamStore], [
    Field<TensorKind, "tensor", "what is written">,
    Field<AffineKind, "coordinate", "signed position of the box in the tensor", 4>,
    Field<ExtentKind, "box", "size of the box", 4>,
    Field<AddressKind, "local", "where the box comes from, bytes in the scratchpad">,
    Field<I32Kind, "localStride", "elements between neighbours along each dimension of the box", 4>,
    Field<ElementType, "localType", "element type in the scratchpad; cast to the tensor's type">]> {
  let summary = "scratchpad to DRAM";
  let semantics = "For every b in the box with coordinate + b inside the tensor's shape: element sum(b[d] * localStride[d]) of `local` is cast "
      "to the tensor's type and written to DRAM. Elements outside the tensor are dropped.";
}

// ---- Matrix unit --------------------------------------------------------------------------------------------------

def LoadWeights : Instruction<0x20, "load_weights", "LoadWeights", [StreamMatrix], [
    Field<AffineKind, "bank", "weight bank, taken modulo the chip's matrix.weight_banks">,
    Field<AddressKind, "source", "first weight, bytes in the scratchpad">,
    Field<ExtentKind, "kCount", "the box of K; at most matrix.rows in all", 3>,
    Field<I32Kind, "kStride", "elements between neighbours along each K dimension", 3>,
    Field<ExtentKind, "nCount", "columns; at most matrix.cols">,
    Field<I32Kind, "nStride", "elements between neighbouring columns">,
    Field<ElementType, "type", "element type of the weights; the chip's array must multiply it">]> {
  let summary = "fill a weight bank";
  let semantics = "The bank holds W[k, n], k enumerating the K box row-major (dense over the actual counts) and n the columns. The bank remembers "
      "how many rows and columns it holds, and their type. It waits for the last use of the bank by an earlier `multiply`.";
}

def Multiply : Instruction<0x21, "multiply", "Multiply", [StreamMatrix], [
    Field<AffineKind, "bank", "weight bank, taken modulo the chip's matrix.weight_banks">,
    Field<AddressKind, "source", "first streamed element, bytes in the scratchpad">,
    Field<ExtentKind, "mCount", "the box of M, streamed row-major", 3>,
    Field<I32Kind, "mStride", "elements between neighbours along each M dimension", 3>,
    Field<ExtentKind, "kCount", "the box of K; must hold as many elements as the bank has rows", 3>,
    Field<I32Kind, "kStride", "elements between neighbours along each K dimension", 3>,
    Field<ElementType, "type", "element type of the streamed operand; that of the weights in the bank">,
    Field<AddressKind, "acc", "accumulator row of m = 0">,
    Field<I32Kind, "accStride", "accumulator rows between neighbours along each M dimension", 3>,
    Field<AffineKind, "accumulate", "0 overwrites the accumulator, any other value adds to it">]> {
  let summary = "weight-stationary product into the accumulator";
  let semantics = "For each m: partial[n] starts at +0, then for k ascending partial[n] = fma(x[m, k], W[k, n], partial[n]); the accumulator row of m "
      "becomes partial[n] or acc[n] + partial[n], for the columns that the bank holds. Everything is F32, BF16 and F16 operands are widened exactly. "
      "The values are these in however many passes a chip multiplies the type.";
  let revision = 1; // 0: weights of another type than the streamed operand
}

def Drain : Instruction<0x28, "drain", "Drain", [StreamDrain], [
    Field<AddressKind, "acc", "accumulator row of m = 0">,
    Field<ExtentKind, "mCount", "the box of M", 3>,
    Field<I32Kind, "accStride", "accumulator rows between neighbours along each M dimension", 3>,
    Field<ExtentKind, "nCount", "columns">,
    Field<AddressKind, "destination", "bytes in the scratchpad">,
    Field<I32Kind, "destinationStride", "elements between neighbours along each M dimension", 3>,
    Field<I32Kind, "columnStride", "elements between neighbouring columns">,
    Field<ElementType, "type", "element type of the destination">]> {
  let summary = "accumulator to scratchpad";
  let semantics = "destination[m, n] = cast(acc[row(m)][n]).";
}

// ---- Vector unit --------------------------------------------------------------------------------------------------

def Map : Instruction<0x30, "map", "Map", [StreamVector], !listconcat([
    Field<VectorFunction, "function", "what is computed">,
    Field<ExtentKind, "count", "the four dimensions", 4>],
    View<"destination", "where the results go, bytes in the scratchpad">.fields,
    View<"a", "first operand">.fields, View<"b", "second operand, if the function has one">.fields,
    View<"c", "third operand, if the function has one">.fields,
    [Field<F32Kind, "immediate", "constant operand, if the function has one">])> {
  let summary = "elementwise function of up to three operands";
  let semantics = "For every i of `count`: destination[i] = cast(function(a[i], b[i], c[i], immediate)). Operands are sampled before any element is "
      "written; those the function does not have are not read. The destination may be one of the operands, element for element; no element "
      "of it is written twice.";
}

def Reduce : Instruction<0x31, "reduce", "Reduce", [StreamVector], !listconcat([
    Field<ReduceFunction, "function", "how elements combine">,
    Field<ExtentKind, "count", "the four dimensions", 4>,
    Field<U8Kind, "reduceMask", "bit d set: dimension d is reduced">,
    Field<AddressKind, "destination", "where the results go, F32, bytes in the scratchpad">,
    Field<I32Kind, "destinationStride", "elements between neighbours of the destination; ignored along reduced dimensions", 4>],
    View<"a", "what is reduced">.fields,
    [Field<AffineKind, "accumulate", "0 overwrites the destination, any other value combines it with the result">])> {
  let summary = "reduction over some of four dimensions";
  let semantics = "One order for every function and every set of dimensions. The n elements that meet in a result, in row-major order of the "
      "reduced dimensions, are dealt out to 16 partials: element i goes to partial i modulo 16. A partial is its first element; each later "
      "one, in ascending order, makes it partial op element. With n < 16 only the first n partials exist. Then partial j becomes partial j op "
      "partial j + s, first for s = 8, then for 4, 2 and 1, for every j < s whose partner exists; nothing happens where it does not. Partial 0 "
      "is the result; a NaN is the canonical one. No identity takes part: the sum of a single -0 is -0. With `accumulate` the result is "
      "destination op result. The order does not depend on the number of physical lanes.";
  let revision = 1; // 0: sequential, but for dimension 3
}

def Pool : Instruction<0x32, "pool", "Pool", [StreamVector], !listconcat([
    Field<PoolFunction, "function", "how elements combine">,
    Field<ExtentKind, "count", "batch, output rows, output columns, channels", 4>,
    Field<AddressKind, "destination", "where the results go, F32, bytes in the scratchpad">,
    Field<I32Kind, "destinationStride", "elements between neighbours of the destination", 4>],
    View<"a", "what is pooled; its strides are per output index, so they include the stride of the window">.fields,
    [Field<U16Kind, "window", "rows and columns of the window", 2>,
     Field<I32Kind, "windowStride", "elements between neighbours inside the window", 2>])> {
  let summary = "window reduction";
  let semantics = "Each result combines its window row-major from the identity. There is no bound check: padding must have been loaded.";
}

def PoolGrad : Instruction<0x33, "pool_grad", "PoolGrad", [StreamVector], [
    Field<PoolFunction, "function", "Sum spreads the gradient over the window, Max sends it to the best element">,
    Field<ExtentKind, "count", "batch, output rows, output columns, channels", 4>,
    Field<AddressKind, "x", "what was pooled, F32; read only by Max">,
    Field<I32Kind, "xStride", "elements between neighbours of x and of the destination, per output index", 4>,
    Field<AddressKind, "gradient", "gradient of the result, F32">,
    Field<I32Kind, "gradientStride", "elements between neighbours of the gradient", 4>,
    Field<U16Kind, "window", "rows and columns of the window", 2>,
    Field<I32Kind, "windowStride", "elements between neighbours inside the window, of x and of the destination", 2>,
    Field<AddressKind, "destination", "gradient of x, F32; added to, so it must hold zeros or a partial result">]> {
  let summary = "gradient of a window reduction";
  let semantics = "Outputs in ascending row-major order of (batch, row, column, channel), windows row-major: destination[position] += gradient. For Max the "
      "position is that of the first best element of the window, for Sum it is every position.";
}

// ---- The rest of the manual ---------------------------------------------------------------------------------------

def Manual {
  string introduction = [{A program is a set of streams, each in order, each feeding one engine. Streams run decoupled; what orders them is counters.

- **Counters.** Zero at launch, 32 bits, never wrapping. A counter is incremented by one stream and read by any. An instruction has up to two
  waits, each satisfied when its counter is at least a value (values of zero and less always are), and at most one increment, by one, when it completes.
- **Order.** Instructions of one stream behave as if executed one after the other. Operands are sampled when an instruction starts, results appear when
  it completes, and completions within a stream are in program order. Across streams only counters order.
- **Memories.** DRAM, reached through the tensor table; the scratchpad, byte addressed, shared by all engines; one accumulator per matrix unit, addressed
  in rows of `matrix.cols` F32 values, used by the matrix and the drain stream of the same index.
- **Aliases.** An entry of the tensor table may be an alias: another shape of an earlier entry, with that entry's element type and its bytes, or some of
  them where those have no gaps. Both are then one tensor to whoever asks what was written; entries that merely share bytes are two, which must not live at the same time.
- **Nothing to do.** An instruction with a zero extent does nothing, but still waits and increments.
- **Strides** of scratchpad views count elements of the view's type, those of accumulator views rows.
- **From outside.** Opcodes 0x80 to 0xff belong to libraries, loaded by `--load-plugin`, that bring instructions of the vector stream: fields of the kinds below, up to three strided
  operands and one strided result in the scratchpad. They are written, encoded, proven and executed like the others; `docs/rationale/doors.md` says how they are described.}];
  string formats = [{## The binary

All numbers are little endian. LEB128 numbers are in their shortest form; anything else is refused, so that equal programs have equal bytes.

| bytes | what |
|---|---|
| 8 | magic `41 52 53 49 53 1a 0d 0a` ("ARSIS", then bytes that text transfers damage) |
| 4 | format version |
| 4 | number of sections |
| 8 | schema hash of the instruction set |
| 32 each | section table: tag (4 characters), CRC-32 of the section, offset (8), size in the file (8), size of the contents (8) |
| 4 | CRC-32 of everything before |
| | the sections, one after the other, nothing between or after |

Sections, in this order, all present: `core` (DRAM bytes, counters), `exts` (instructions from outside that the streams use: opcode, mnemonic, library,
signature of the description, 8 bytes), `strm` (streams), `debg` (location of each instruction), `tens` (tensor table),
`locn` (locations), `reqs` (requirements), `plac` (memory plan), `file` (files of initial values), `init` (initial values), `nnmd` (nn module), `opts` (options), `nobs` (not observable),
`vrdt` (the verdict: version of the verifier, hash of what it accepted, requirements of that verdict; no bytes if there is none).

A section of another size in the file than that of its contents is packed: a zlib stream (RFC 1950) of at most 2^28 bytes of contents. The writer packs what is
larger than 4 KiB and becomes smaller by it, but never `strm`, of which the front end fetches these very bytes, nor `init`. Equal programs have equal
contents everywhere, and equal bytes from one version of zlib.

An initial value is the number of its tensor and a kind: 0, its bytes (their number, then the elements in chip layout, row-major, without gaps); 1, a splat (the
bits of the one element that all are, as an unsigned number); 2, a range of a file (the number of the file, the byte where the elements begin). Elements that are all
the same must be a splat, whose size does not depend on the tensor's: zeros take no space. `file` lists each file by the way to it from the program's own folder,
its size in bytes and its SHA-256 (32 bytes), in the order in which the values first name them. A file that is missing or of another size or hash is an error as
soon as a value is asked for; what runs without values (`arsis-sim --timing-only`, `arsis-verify`) does not look. The files that our tools write are safetensors, with the tensors in chip layout.

The verdict is what the maker of the program wrote down: that the verifier accepted it. Who runs a program believes a record whose version and hash match and
whose requirements the chip meets, and verifies everything else; assembly carries none. The hash (CRC-64 of ECMA-182) covers `core`, `exts`, `strm`, `debg`, `tens`, `locn`, `reqs`,
`plac` and which tensors have initial values. It guards against accidents, not against forgery.

An instruction is: opcode, 1 byte; flags, 1 byte (bits 0 and 1: number of waits, bit 2: has an increment); the waits (counter, 1 byte, and an Affine);
the counter to increment, 1 byte; the fields in the order above. Locations are kept apart, so they cost no fetch.

## The assembly

One statement per line, `#` starts a comment. Names that are not plain words are quoted. An example stands in
`tests/dialects/Isa/Encoding/conv.arsis.s`.

    arsis 1
    dram 144
    requires matrix.rows == 8
    tensor x input f32 [1, 3, 3, 4] at 0 observable
    location 0 layer conv1 phase fwd op nn.conv2d
    counter c0 load 0
    stream load 0
      loop 3
        load tensor=x, coordinate=[0, i0, 0, 0], box=[1, 1, 3, 4], local=48*((i0) mod 2), localStride=[48, 12, 4, 1], localType=f32, fill=0 after(c0 >= i0 - 1) increment(c0) @0
      end_loop

An instruction is a mnemonic and its fields as `name=value`, then, all optional: `after(c1 >= 3, c2 >= i0)` for its waits, `increment(c0)`, and
`@n` for its location (0 if absent). A tensor that is an alias says so behind its address: `at 0 alias x`. A gradient
or a slot of the optimizer names its parameter there: `at 64 of w`.
Every field must be given once, in any order; an only field needs no name.

An initial value is `initial x splat 0x3f800000` (the bits of an element), `initial x hex` with lower case digits below it, or `initial x file 0 at 128` with a
statement `file 0 step.safetensors bytes 4096 sha256 "..."` before it. The digits and the nn module follow their statement in lines that begin with `|`.}];
}
