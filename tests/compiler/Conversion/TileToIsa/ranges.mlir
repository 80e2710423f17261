// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A number one past the range of its field in the encoding is an error, never another number. The last value of
// each range converts.
// RUN: arsis-opt --split-input-file --verify-diagnostics --convert-tile-to-isa %s

tile.program @last_values {
  tile.stream vector 0 {
    %a = tile.alloc "a" {address = 0 : i64, slots = 4294967295 : i64} : memref<64xf32, #tile.spm>
    tile.pool sum %a to %a[] box <[1, 1, 1, 1]> window [65535, 65535] window_strides [2147483647, -2147483648]
      input <() -> (0), [2147483647, -2147483648, 0, 1]> view <() -> (0), [2147483647, -2147483648, 0, 1]>
      : memref<64xf32, #tile.spm> to memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @window {
  tile.stream vector 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    // expected-error @below {{has window 65536, the encoding holds 0 to 65535}}
    tile.pool sum %a to %a[] box <[1, 1, 1, 1]> window [1, 65536] window_strides [1, 1] input <() -> (0), [0, 0, 0, 1]> view <() -> (0), [0, 0, 0, 1]> : memref<64xf32, #tile.spm> to memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @window_of_the_gradient {
  tile.stream vector 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    // expected-error @below {{has window 65536, the encoding holds 0 to 65535}}
    tile.pool_grad sum %a to %a[] box <[1, 1, 1, 1]> window [65536, 1] window_strides [1, 1] gradient <() -> (0), [0, 0, 0, 1]> view <() -> (0), [0, 0, 0, 1]> : memref<64xf32, #tile.spm> to memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @window_stride {
  tile.stream vector 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    // expected-error @below {{has window stride 2147483648, the encoding holds -2147483648 to 2147483647}}
    tile.pool sum %a to %a[] box <[1, 1, 1, 1]> window [1, 1] window_strides [1, 2147483648] input <() -> (0), [0, 0, 0, 1]> view <() -> (0), [0, 0, 0, 1]> : memref<64xf32, #tile.spm> to memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @map_stride {
  tile.stream vector 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    // expected-error @below {{has stride -2147483649, the encoding holds -2147483648 to 2147483647}}
    tile.map relu(%a) to %a[] box <[1, 1, 1, 1]> views [#tile.view<() -> (0), [0, 0, 0, 1]>, #tile.view<() -> (0), [-2147483649, 0, 0, 1]>] : (memref<64xf32, #tile.spm>) to memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @reduce_stride {
  tile.stream vector 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    // expected-error @below {{has input stride 2147483648, the encoding holds -2147483648 to 2147483647}}
    tile.reduce sum %a to %a[] box <[1, 1, 1, 1]> reduced [2] input <() -> (0), [0, 0, 2147483648, 1]> view <() -> (0), [0, 0, 0, 1]> accumulate affine_map<() -> (0)> : memref<64xf32, #tile.spm> to memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @load_stride {
  %x = tile.tensor "x" input {address = 0 : i64} : memref<64xf32, #tile.dram>
  tile.stream load 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    // expected-error @below {{has stride 2147483648, the encoding holds -2147483648 to 2147483647}}
    tile.load %x to %a[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 64]> view <() -> (0), [2147483648, 0, 0, 1]> : memref<64xf32, #tile.dram>, memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @column_stride {
  tile.stream drain 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    %s = tile.alloc "s" {address = 0 : i64} : memref<4x8xf32, #tile.acc>
    // expected-error @below {{has n_stride 2147483648, the encoding holds -2147483648 to 2147483647}}
    tile.drain %s to %a[] m <[1, 1, 1]> n <[4]> acc <() -> (0), [0, 0, 1]> view <() -> (0), [0, 0, 0]> n_stride 2147483648 : memref<4x8xf32, #tile.acc>, memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @weight_stride {
  tile.stream matrix 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    // expected-error @below {{has k stride 4294967296, the encoding holds -2147483648 to 2147483647}}
    tile.load_weights %a[] bank affine_map<() -> (0)> k <[1, 1, 1]> n <[1]> view <() -> (0), [4294967296, 0, 0]> n_stride 1 : memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @accumulator_stride {
  tile.stream matrix 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    %s = tile.alloc "s" {address = 0 : i64} : memref<4x8xf32, #tile.acc>
    // expected-error @below {{has accumulator stride 2147483648, the encoding holds -2147483648 to 2147483647}}
    tile.multiply %a to %s[] bank affine_map<() -> (0)> m <[1, 1, 1]> k <[1, 1, 1]> view <() -> (0), [0, 0, 1]> k_strides [0, 0, 1] acc <() -> (0), [2147483648, 0, 1]> accumulate affine_map<() -> (0)> : memref<64xf32, #tile.spm>, memref<4x8xf32, #tile.acc>
  }
}

// -----

tile.program @iterations {
  tile.stream vector 0 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %many = arith.constant 4294967296 : index
    // expected-error @below {{has number of iterations 4294967296, the encoding holds 0 to 4294967295}}
    scf.for %i = %c0 to %many step %c1 {
      %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    }
  }
}

// -----

tile.program @slots {
  tile.stream vector 0 {
    // expected-error @below {{has number of slots 4294967296, the encoding holds 0 to 4294967295}}
    %a = tile.alloc "a" {address = 0 : i64, slots = 4294967296 : i64} : memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @completion {
  // expected-error @below {{has last increment 4294967296, the encoding holds 0 to 4294967295}}
  %x = tile.tensor "x" output {address = 0 : i64} : memref<64xf32, #tile.dram>
  tile.stream store 0 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %many = arith.constant 65536 : index
    scf.for %i = %c0 to %many step %c1 {
      scf.for %j = %c0 to %many step %c1 {
        %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
        tile.store %a to %x[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 64]> view <() -> (0), [0, 0, 0, 1]> sync <increments = true> : memref<64xf32, #tile.spm>, memref<64xf32, #tile.dram>
      }
    }
  }
}

// -----

tile.program @depth {
  tile.stream vector 0 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    scf.for %a = %c0 to %c2 step %c1 { scf.for %b = %c0 to %c2 step %c1 { scf.for %c = %c0 to %c2 step %c1 {
    scf.for %d = %c0 to %c2 step %c1 { scf.for %e = %c0 to %c2 step %c1 { scf.for %f = %c0 to %c2 step %c1 {
    scf.for %g = %c0 to %c2 step %c1 { scf.for %h = %c0 to %c2 step %c1 {
      // expected-error @below {{nests deeper than 8 loops}}
      scf.for %i = %c0 to %c2 step %c1 { }
    } } } } } } } }
  }
}

// -----

tile.program @variable_bounds {
  tile.stream vector 0 {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    // expected-error @below {{has no constant number of iterations of at least one, in steps of 1 from 0}}
    scf.for %a = %c0 to %c2 step %c2 { }
  }
}

// -----

tile.program @waits {
  tile.stream vector 0 {
    // expected-error @below {{waits for stream load 0, which increments no counter 0}}
    tile.wait <waits = [<load 0, () -> (1)>], increments = false>
  }
}
