// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Initial values in each of their forms, to the binary and back. A splat of 4 TiB is one element all the way.
// REQUIRES: arsis-translate
// RUN: split-file %s %t && cd %t
// RUN: arsis-translate --isa-to-binary good.mlir -o good.arsis
// RUN: arsis-translate --binary-to-isa good.arsis | FileCheck good.mlir
// RUN: arsis-translate --binary-to-isa good.arsis | arsis-translate --isa-to-binary -o again.arsis && cmp good.arsis again.arsis
// RUN: arsis-translate --isa-to-asm good.mlir | FileCheck good.mlir --check-prefix=ASM
// RUN: arsis-translate --isa-to-asm good.mlir | arsis-translate --asm-to-isa | FileCheck good.mlir
// RUN: not arsis-translate --isa-to-binary hash.mlir -o bad.arsis 2>&1 | FileCheck hash.mlir
// RUN: not arsis-translate --isa-to-binary beyond.mlir -o bad.arsis 2>&1 | FileCheck beyond.mlir
// RUN: not arsis-translate --isa-to-binary size.mlir -o bad.arsis 2>&1 | FileCheck size.mlir
// RUN: not arsis-translate --isa-to-binary bits.mlir -o bad.arsis 2>&1 | FileCheck bits.mlir

//--- good.mlir
// ASM: file 0 w.safetensors bytes 64 sha256 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
// ASM-NOT: file 1
isa.program @program attributes {counters = [], dram_bytes = 8796093022208 : i64, nn_module = "", not_observable = [],
    options = {}, placements = [], requirements = []} {
  // CHECK: isa.tensor @ones {{.*}}initial = dense<1.000000e+00> : tensor<1099511627776xf32>
  // ASM-DAG: initial ones splat 0x3f800000
  isa.tensor @ones parameter f32 shape [1, 1, 1048576, 1048576] stride [0, 0, 1048576, 1] at 0
    {initial = dense<1.0> : tensor<1048576x1048576xf32>}
  // CHECK: isa.tensor @nan {{.*}}initial = dense<0xFFC12345> : tensor<2xf32>
  // ASM-DAG: initial nan splat 0xffc12345
  isa.tensor @nan parameter f32 shape [1, 1, 1, 2] stride [2, 2, 2, 1] at 0 {initial = dense<0xFFC12345> : tensor<2xf32>}
  // CHECK: isa.tensor @half {{.*}}initial = dense<-2.000000e+00> : tensor<2xbf16>
  // ASM-DAG: initial half splat 0x0000c000
  isa.tensor @half parameter bf16 shape [1, 1, 1, 2] stride [2, 2, 2, 1] at 0 {initial = dense<-2.0> : tensor<2xbf16>}
  // CHECK: isa.tensor @bytes {{.*}}initial = dense<117901063> : tensor<2xi32>
  // ASM-DAG: initial bytes splat 0x07070707
  isa.tensor @bytes parameter i32 shape [1, 1, 1, 2] stride [2, 2, 2, 1] at 0 {initial = dense<7> : tensor<8xi8>}
  // Elements of the attribute that are wider than the tensor's: a splat of two.
  // CHECK: isa.tensor @wide {{.*}}initial = dense<{{\[}}1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]> : tensor<16xi8>
  // ASM-DAG: initial wide hex
  isa.tensor @wide parameter i32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 0 {initial = dense<8589934593> : tensor<2xi64>}
  // CHECK: isa.tensor @first {{.*}}initial = #isa.file_range<"w.safetensors" bytes 64 sha256 "000102{{.*}}1e1f" at 0>
  // ASM-DAG: initial first file 0 at 0
  isa.tensor @first parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 0 {initial = #isa.file_range<"w.safetensors"
    bytes 64 sha256 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" at 0>}
  // CHECK: isa.tensor @last {{.*}}initial = #isa.file_range<"w.safetensors" bytes 64 sha256 "000102{{.*}}1e1f" at 48>
  // ASM-DAG: initial last file 0 at 48
  isa.tensor @last parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 0 {initial = #isa.file_range<"w.safetensors"
    bytes 64 sha256 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" at 48>}
}

//--- hash.mlir
isa.program @program attributes {counters = [], dram_bytes = 16 : i64, nn_module = "", not_observable = [],
    options = {}, placements = [], requirements = []} {
  // CHECK: error: 'isa.tensor' op has an initial value in a file of sha256 "0A", expected 64 lower case hexadecimal digits
  isa.tensor @x parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 0
    {initial = #isa.file_range<"w" bytes 64 sha256 "0A" at 0>}
}

//--- beyond.mlir
isa.program @program attributes {counters = [], dram_bytes = 16 : i64, nn_module = "", not_observable = [],
    options = {}, placements = [], requirements = []} {
  // CHECK: error: initial value of tensor 'x' reaches beyond the 64 bytes of file 'w'
  isa.tensor @x parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 0 {initial = #isa.file_range<"w" bytes 64
    sha256 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" at 49>}
}

//--- size.mlir
isa.program @program attributes {counters = [], dram_bytes = 16 : i64, nn_module = "", not_observable = [],
    options = {}, placements = [], requirements = []} {
  // CHECK: error: 'isa.tensor' op has an initial value of 12 bytes, expected 16
  isa.tensor @x parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 0 {initial = dense<0.0> : tensor<3xf32>}
}

//--- bits.mlir
isa.program @program attributes {counters = [], dram_bytes = 16 : i64, nn_module = "", not_observable = [],
    options = {}, placements = [], requirements = []} {
  // CHECK: error: 'isa.tensor' op has an initial value of 'i1', expected elements of whole bytes
  isa.tensor @x parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 0 {initial = dense<true> : tensor<4xi1>}
}
