// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Addresses: what the outside knows keeps its own, temporaries and buffers that never live together share.
// RUN: %arsis_opt --tile-plan-memory --tile-check-memory %s | FileCheck %s
// RUN: %arsis_opt --tile-plan-memory="scratchpad-bytes=1024 dram-bytes=2304" --tile-check-memory %s | FileCheck %s --check-prefix=TIGHT

tile.program @plan {
  // CHECK-DAG: tensor "x" {{.*}}address = [[X:[0-9]+]]
  %x = tile.tensor "x" input : memref<64xf32, #tile.dram>
  // Three temporaries in a chain: without room, the first and the last share an address.
  // TIGHT-DAG: tensor "t0" {{.*}}address = [[T0:[0-9]+]]
  // TIGHT-DAG: tensor "t1" {{.*}}address = [[T1:[0-9]+]]
  // TIGHT-DAG: tensor "t2" {{.*}}address = [[T0]]
  %t0 = tile.tensor "t0" temporary : memref<256xf32, #tile.dram>
  %t1 = tile.tensor "t1" temporary : memref<256xf32, #tile.dram>
  %t2 = tile.tensor "t2" temporary : memref<256xf32, #tile.dram>
  // With room, the second buffer stays clear of the first; without, it takes its place.
  // CHECK-DAG: alloc "a" {address = 0
  // CHECK-DAG: alloc "b" {address = 1024
  // TIGHT-DAG: alloc "a" {address = 0
  // TIGHT-DAG: alloc "b" {address = 0
  %a = tile.alloc "a" : memref<256xf32, #tile.spm>
  tile.load %x to %a[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 256]> view <() -> (0), [0, 0, 0, 1]> : memref<64xf32, #tile.dram>, memref<256xf32, #tile.spm>
  tile.store %a to %t0[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 256]> view <() -> (0), [0, 0, 0, 1]> : memref<256xf32, #tile.spm>, memref<256xf32, #tile.dram>
  %b = tile.alloc "b" : memref<256xf32, #tile.spm>
  tile.load %t0 to %b[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 256]> view <() -> (0), [0, 0, 0, 1]> : memref<256xf32, #tile.dram>, memref<256xf32, #tile.spm>
  tile.store %b to %t1[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 256]> view <() -> (0), [0, 0, 0, 1]> : memref<256xf32, #tile.spm>, memref<256xf32, #tile.dram>
  %c = tile.alloc "c" : memref<256xf32, #tile.spm>
  tile.load %t1 to %c[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 256]> view <() -> (0), [0, 0, 0, 1]> : memref<256xf32, #tile.dram>, memref<256xf32, #tile.spm>
  tile.store %c to %t2[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 256]> view <() -> (0), [0, 0, 0, 1]> : memref<256xf32, #tile.spm>, memref<256xf32, #tile.dram>
  // Accumulators count rows; each unit has its own.
  // CHECK-DAG: alloc "s0" {address = 0 : i64, slots = 2
  // CHECK-DAG: alloc "s1" {address = 0 : i64, unit = 1
  %s0 = tile.alloc "s0" {slots = 2 : i64} : memref<16x8xf32, #tile.acc>
  %s1 = tile.alloc "s1" {unit = 1 : i64} : memref<16x8xf32, #tile.acc>
}
