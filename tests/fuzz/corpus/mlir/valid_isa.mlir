module {
  isa.program @forward attributes {counters = [#isa.stream_id<load 0>, #isa.stream_id<store 0>, #isa.stream_id<matrix 0>, #isa.stream_id<drain 0>, #isa.stream_id<vector 0>], dram_bytes = 512 : i64, nn_module = "", not_observable = [], options = {}, placements = [#isa.placement<spm "weights" from 0 to 192 slots 1 layer "fc">, #isa.placement<spm "streamed" from 192 to 320 slots 1 layer "fc">, #isa.placement<spm "channels" from 384 to 448 slots 1 layer "fc">, #isa.placement<spm "operand" from 448 to 512 slots 1 layer "fc">, #isa.placement<spm "result" from 320 to 384 slots 1 layer "fc">, #isa.placement<spm "result" from 512 to 576 slots 1 layer "fc">, #isa.placement<acc "accumulator" from 0 to 3 slots 1 layer "fc">, #isa.placement<dram "x" from 192 to 320 slots 1 layer "">, #isa.placement<dram "w" from 0 to 192 slots 1 layer "">, #isa.placement<dram "b" from 448 to 512 slots 1 layer "">, #isa.placement<dram "y" from 320 to 384 slots 1 layer "">, #isa.placement<dram "fc/matmul" from 384 to 448 slots 1 layer "">], requirements = [#isa.requirement<"scratchpad.kib" at_least 1>, #isa.requirement<"dram.capacity_mib" at_least 1>, #isa.requirement<"matrix.accumulator_rows" at_least 3>, #isa.requirement<"matrix.units" at_least 1>, #isa.requirement<"dma.load_queues" at_least 1>, #isa.requirement<"dma.store_queues" at_least 1>]} {
    isa.tensor @x  input  f32 shape [1, 1, 3, 10] stride [30, 30, 10, 1] at 192 {host_permutation = array<i64: 0, 1>, host_shape = array<i64: 3, 10>} loc(#loc1)
    isa.tensor @w  parameter  f32 shape [1, 1, 4, 10] stride [40, 40, 10, 1] at 0 {host_permutation = array<i64: 0, 1>, host_shape = array<i64: 4, 10>, initial = dense<5.000000e-01> : tensor<4x10xf32>} loc(#loc1)
    isa.tensor @b  parameter  f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 448 {host_permutation = array<i64: 0>, host_shape = array<i64: 4>, initial = dense<[1.000000e+00, 2.000000e+00, -1.000000e+00, 5.000000e-01]> : tensor<4xf32>} loc(#loc1)
    isa.tensor @y  output  f32 shape [1, 1, 3, 4] stride [12, 12, 4, 1] at 320 {complete_counter = 1 : i64, complete_value = 2 : i64, host_permutation = array<i64: 0, 1>, host_shape = array<i64: 3, 4>} loc(#loc1)
    isa.tensor @"fc/matmul"  temporary  f32 shape [1, 1, 3, 4] stride [12, 12, 4, 1] at 384 {complete_counter = 1 : i64, complete_value = 1 : i64, host_permutation = array<i64: 0, 1>, host_shape = array<i64: 3, 4>} loc(#loc3)
    isa.stream  load 0 {
      isa.load {box = [#isa.extent<1>, #isa.extent<1>, #isa.extent<4>, #isa.extent<10>], coordinate = [#isa.affine<0>, #isa.affine<0>, #isa.affine<0>, #isa.affine<0>], fill = 0.000000e+00 : f32, increment = 0 : i64, local = #isa.address<0>, localStride = array<i32: 40, 40, 1, 4>, localType = #isa<element_type f32>, tensor = @w} loc(#loc3)
      isa.load {box = [#isa.extent<1>, #isa.extent<1>, #isa.extent<3>, #isa.extent<10>], coordinate = [#isa.affine<0>, #isa.affine<0>, #isa.affine<0>, #isa.affine<0>], fill = 0.000000e+00 : f32, increment = 0 : i64, local = #isa.address<192>, localStride = array<i32: 30, 30, 10, 1>, localType = #isa<element_type f32>, tensor = @x} loc(#loc3)
      isa.load {box = [#isa.extent<1>, #isa.extent<1>, #isa.extent<1>, #isa.extent<4>], coordinate = [#isa.affine<0>, #isa.affine<0>, #isa.affine<0>, #isa.affine<0>], fill = 0.000000e+00 : f32, local = #isa.address<384>, localStride = array<i32: 0, 0, 0, 1>, localType = #isa<element_type f32>, tensor = @b} loc(#loc3)
      isa.load {box = [#isa.extent<1>, #isa.extent<1>, #isa.extent<3>, #isa.extent<4>], coordinate = [#isa.affine<0>, #isa.affine<0>, #isa.affine<0>, #isa.affine<0>], fill = 0.000000e+00 : f32, increment = 0 : i64, local = #isa.address<448>, localStride = array<i32: 12, 12, 4, 1>, localType = #isa<element_type f32>, tensor = @"fc/matmul", waits = [#isa.wait<counter 1 reaches 1>]} loc(#loc3)
    } loc(#loc1)
    isa.stream  store 0 {
      isa.store {box = [#isa.extent<1>, #isa.extent<1>, #isa.extent<3>, #isa.extent<4>], coordinate = [#isa.affine<0>, #isa.affine<0>, #isa.affine<0>, #isa.affine<0>], increment = 1 : i64, local = #isa.address<320>, localStride = array<i32: 12, 12, 4, 1>, localType = #isa<element_type f32>, tensor = @"fc/matmul", waits = [#isa.wait<counter 3 reaches 1>]} loc(#loc3)
      isa.store {box = [#isa.extent<1>, #isa.extent<1>, #isa.extent<3>, #isa.extent<4>], coordinate = [#isa.affine<0>, #isa.affine<0>, #isa.affine<0>, #isa.affine<0>], increment = 1 : i64, local = #isa.address<512>, localStride = array<i32: 12, 12, 4, 1>, localType = #isa<element_type f32>, tensor = @y, waits = [#isa.wait<counter 4 reaches 1>]} loc(#loc3)
    } loc(#loc1)
    isa.stream  matrix 0 {
      isa.loop 2 {
        isa.load_weights {bank = #isa.affine<0 + 1*i0>, kCount = [#isa.extent<1>, #isa.extent<1>, #isa.extent<8, limit 10 + -8*i0>], kStride = array<i32: 40, 40, 4>, nCount = #isa.extent<4>, nStride = 1 : i32, source = #isa.address<0 + 128*i0>, type = #isa<element_type f32>, waits = [#isa.wait<counter 0 reaches 1>]} loc(#loc3)
        isa.multiply {acc = #isa.address<0>, accStride = array<i32: 3, 3, 1>, accumulate = #isa.affine<0 + 1*i0>, bank = #isa.affine<0 + 1*i0>, increment = 2 : i64, kCount = [#isa.extent<1>, #isa.extent<1>, #isa.extent<8, limit 10 + -8*i0>], kStride = array<i32: 30, 10, 1>, mCount = [#isa.extent<1>, #isa.extent<1>, #isa.extent<3>], mStride = array<i32: 30, 30, 10>, source = #isa.address<192 + 32*i0>, type = #isa<element_type f32>, waits = [#isa.wait<counter 0 reaches 2>]} loc(#loc3)
      } loc(#loc3)
    } loc(#loc1)
    isa.stream  drain 0 {
      isa.drain {acc = #isa.address<0>, accStride = array<i32: 3, 3, 1>, columnStride = 1 : i32, destination = #isa.address<320>, destinationStride = array<i32: 12, 12, 4>, increment = 3 : i64, mCount = [#isa.extent<1>, #isa.extent<1>, #isa.extent<3>], nCount = #isa.extent<4>, type = #isa<element_type f32>, waits = [#isa.wait<counter 2 reaches 2>]} loc(#loc3)
    } loc(#loc1)
    isa.stream  vector 0 {
      isa.map {a = #isa.address<448>, aStride = array<i32: 12, 12, 4, 1>, aType = #isa<element_type f32>, b = #isa.address<384>, bStride = array<i32: 0, 0, 0, 1>, bType = #isa<element_type f32>, c = #isa.address<0>, cStride = array<i32: 0, 0, 0, 0>, cType = #isa<element_type f32>, count = [#isa.extent<1>, #isa.extent<1>, #isa.extent<3>, #isa.extent<4>], destination = #isa.address<512>, destinationStride = array<i32: 12, 12, 4, 1>, destinationType = #isa<element_type f32>, function = #isa<vector_function add>, immediate = 0.000000e+00 : f32, increment = 4 : i64, waits = [#isa.wait<counter 0 reaches 3>]} loc(#loc3)
    } loc(#loc1)
  } loc(#loc1)
} loc(#loc)
#loc = loc("fc.mlir":0:0)
#loc1 = loc("fc.mlir":1:1)
#loc2 = loc("fc")
#loc3 = loc(fused<"fwd">[#loc2])
