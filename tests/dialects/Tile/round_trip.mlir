// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every op of the tile dialect, printed and read again.
// RUN: arsis-opt --verify-roundtrip %s | FileCheck %s

// CHECK-LABEL: tile.program @all
tile.program @all {
  // CHECK: tile.tensor "x" input {address = 0 : i64, host_permutation = array<i64: 1, 0>, host_shape = array<i64: 16, 8>, initial = dense<0.000000e+00> : tensor<8x16xf32>, observable}
  %x = tile.tensor "x" input {address = 0 : i64, host_shape = array<i64: 16, 8>, host_permutation = array<i64: 1, 0>, initial = dense<0.0> : tensor<8x16xf32>, observable} : memref<8x16xf32, #tile.dram>
  // CHECK: tile.alias %{{.*}} : memref<8x16xf32, #tile.dram> to memref<128xf32, #tile.dram>
  %y = tile.alias %x : memref<8x16xf32, #tile.dram> to memref<128xf32, #tile.dram>
  // CHECK: tile.alias %{{.*}} {name = "part", offset = 3 : i64, strides = array<i64: 16, 1>} : memref<8x16xf32, #tile.dram> to memref<8x4xf32, #tile.dram>
  %part = tile.alias %x {name = "part", offset = 3 : i64, strides = array<i64: 16, 1>} : memref<8x16xf32, #tile.dram> to memref<8x4xf32, #tile.dram>
  // CHECK: tile.alloc "a" : memref<8x16xf32, #tile.spm>
  %a = tile.alloc "a" {slots = 1 : i64} : memref<8x16xf32, #tile.spm>
  // CHECK: tile.alloc "b" {slots = 2 : i64} : memref<8x16xbf16, #tile.spm>
  %b = tile.alloc "b" {slots = 2 : i64} : memref<8x16xbf16, #tile.spm>
  // CHECK: tile.alloc "s" {unit = 1 : i64} : memref<16x8xf32, #tile.acc>
  %s = tile.alloc "s" {unit = 1 : i64} : memref<16x8xf32, #tile.acc>
  // CHECK: tile.load %{{.*}} to %{{.*}}[] at #{{.*}} box <[1, 1, 8, 16]> view <() -> (0), [0, 0, 16, 1]> {fill = 0xFF800000 : f32, queue = 1 : i64}
  tile.load %x to %b[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 8, 16]> view <() -> (0), [0, 0, 16, 1]> {fill = 0xFF800000 : f32, queue = 1 : i64} : memref<8x16xf32, #tile.dram>, memref<8x16xbf16, #tile.spm>
  // CHECK: tile.store %{{.*}} to %{{.*}}[] at #{{.*}} box <[1, 1, 1, 128]> view <() -> (0), [0, 0, 0, 1]> :
  tile.store %a to %y[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 128]> view <() -> (0), [0, 0, 0, 1]> : memref<8x16xf32, #tile.spm>, memref<128xf32, #tile.dram>
  // CHECK: tile.load_weights %{{.*}}[] bank #{{.*}} k <[1, 1, 8]> n <[8]> view <() -> (0), [0, 0, 16]> n_stride 1 {unit = 1 : i64}
  tile.load_weights %b[] bank affine_map<() -> (1)> k <[1, 1, 8]> n <[8]> view <() -> (0), [0, 0, 16]> n_stride 1 {unit = 1 : i64} : memref<8x16xbf16, #tile.spm>
  // CHECK: tile.multiply %{{.*}} to %{{.*}}[] bank #{{.*}} m <[1, 1, 16]> k <[1, 1, 8]> view <() -> (0), [0, 0, 1]> k_strides [0, 0, 16] acc <() -> (0), [0, 0, 1]> accumulate #{{.*}} {unit = 1 : i64}
  tile.multiply %b to %s[] bank affine_map<() -> (1)> m <[1, 1, 16]> k <[1, 1, 8]> view <() -> (0), [0, 0, 1]> k_strides [0, 0, 16] acc <() -> (0), [0, 0, 1]> accumulate affine_map<() -> (0)> {unit = 1 : i64} : memref<8x16xbf16, #tile.spm>, memref<16x8xf32, #tile.acc>
  // CHECK: tile.drain %{{.*}} to %{{.*}}[] m <[1, 1, 16]> n <[8]> acc <() -> (0), [0, 0, 1]> view <() -> (0), [0, 0, 8]> n_stride 1 {unit = 1 : i64}
  tile.drain %s to %a[] m <[1, 1, 16]> n <[8]> acc <() -> (0), [0, 0, 1]> view <() -> (0), [0, 0, 8]> n_stride 1 {unit = 1 : i64} : memref<16x8xf32, #tile.acc>, memref<8x16xf32, #tile.spm>
  // CHECK: tile.map fill to %{{.*}}[] box <[1, 1, 8, 16]> views [#tile.view<() -> (0), [0, 0, 16, 1]>] {immediate = 1.000000e+00 : f32}
  tile.map fill to %a[] box <[1, 1, 8, 16]> views [#tile.view<() -> (0), [0, 0, 16, 1]>] {immediate = 1.0 : f32} : memref<8x16xf32, #tile.spm>
  // CHECK: tile.map relu(%{{.*}}) to %{{.*}}[] box <[1, 1, 8, 16]>
  tile.map relu(%b) to %a[] box <[1, 1, 8, 16]> views [#tile.view<() -> (0), [0, 0, 16, 1]>, #tile.view<() -> (0), [0, 0, 16, 1]>] : (memref<8x16xbf16, #tile.spm>) to memref<8x16xf32, #tile.spm>
  // CHECK: tile.reduce max %{{.*}} to %{{.*}}[] box <[1, 1, 8, 16]> reduced [2, 3] input <() -> (0), [0, 0, 16, 1]> view <() -> (0), [0, 0, 0, 0]> accumulate #{{.*}} :
  tile.reduce max %b to %a[] box <[1, 1, 8, 16]> reduced [2, 3] input <() -> (0), [0, 0, 16, 1]> view <() -> (0), [0, 0, 0, 0]> accumulate affine_map<() -> (1)> : memref<8x16xbf16, #tile.spm> to memref<8x16xf32, #tile.spm>
  // CHECK: tile.pool sum %{{.*}} to %{{.*}}[] box <[1, 2, 2, 4]> window [2, 2] window_strides [16, 4] input <() -> (0), [0, 32, 8, 1]> view <() -> (0), [0, 8, 4, 1]> :
  tile.pool sum %b to %a[] box <[1, 2, 2, 4]> window [2, 2] window_strides [16, 4] input <() -> (0), [0, 32, 8, 1]> view <() -> (0), [0, 8, 4, 1]> : memref<8x16xbf16, #tile.spm> to memref<8x16xf32, #tile.spm>
  // CHECK: tile.pool_grad max %{{.*}} x %{{.*}} to %{{.*}}[] box <[1, 2, 2, 4]> window [2, 2] window_strides [16, 4] gradient <() -> (0), [0, 8, 4, 1]> view <() -> (0), [0, 32, 8, 1]> x_offset #{{.*}} :
  tile.pool_grad max %a x %a to %a[] box <[1, 2, 2, 4]> window [2, 2] window_strides [16, 4] gradient <() -> (0), [0, 8, 4, 1]> view <() -> (0), [0, 32, 8, 1]> x_offset affine_map<() -> (0)> : memref<8x16xf32, #tile.spm>, memref<8x16xf32, #tile.spm> to memref<8x16xf32, #tile.spm>
  // CHECK: tile.stream matrix 1 {
  tile.stream matrix 1 {
    // CHECK: tile.wait <waits = [<vector 0, () -> (3)>, <load 0, () -> (1)>], increments = false>
    tile.wait <waits = [<vector 0, () -> (3)>, <load 0, () -> (1)>], increments = false>
  }
}
