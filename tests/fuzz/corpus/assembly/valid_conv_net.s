arsis 1
dram 5696
requires scratchpad.kib >= 8
requires dram.capacity_mib >= 1
requires matrix.accumulator_rows >= 72
requires matrix.units >= 1
requires dma.load_queues >= 1
requires dma.store_queues >= 1
requires matrix.rows == 8
requires matrix.cols == 8
requires matrix.weight_banks == 2
option chip tiny
option chip.clock.core_mhz "500"
option chip.dma.request_bytes "64"
option chip.dma.startup_cycles "16"
option chip.dram.bandwidth_gbps "12.8"
option chip.dram.burst_bytes "64"
option chip.dram.capacity_mib "8192"
option chip.dram.channels "1"
option chip.matrix.accumulator_rows "256"
option chip.matrix.cols "8"
option chip.matrix.rows "8"
option chip.matrix.units "1"
option chip.matrix.weight_banks "2"
option chip.scratchpad.kib "64"
option chip.vector.lanes "8"
option chip.vector.startup_cycles "8"
option keep ""
option mode forward
option model small
tensor x input f32 [2, 6, 6, 3] at 3456 host [2, 6, 6, 3] permutation [0, 1, 2, 3]
tensor conv.weight parameter f32 [3, 3, 3, 4] at 5120 host [3, 3, 3, 4] permutation [0, 1, 2, 3]
tensor conv.bias parameter f32 [1, 1, 1, 4] at 5632 host [4] permutation [0]
tensor fc.weight parameter f32 [1, 1, 5, 36] at 4352 host [5, 36] permutation [0, 1]
tensor logits output f32 [1, 1, 2, 5] at 5568 host [2, 5] permutation [0, 1] complete c1 >= 7
tensor conv/conv2d temporary f32 [2, 6, 6, 4] at 0 host [2, 6, 6, 4] permutation [0, 1, 2, 3] complete c1 >= 1
tensor "conv/conv2d@72x4" temporary f32 [1, 1, 72, 4] at 0 alias conv/conv2d complete c1 >= 1
tensor conv/bias_add temporary f32 [2, 6, 6, 4] at 1152 host [2, 6, 6, 4] permutation [0, 1, 2, 3] complete c1 >= 3
tensor "conv/bias_add@72x4" temporary f32 [1, 1, 72, 4] at 1152 alias conv/bias_add complete c1 >= 3
tensor "conv/bias_add@1x288" temporary f32 [1, 1, 1, 288] at 1152 alias conv/bias_add complete c1 >= 3
tensor relu/relu temporary f32 [2, 6, 6, 4] at 2304 host [2, 6, 6, 4] permutation [0, 1, 2, 3] complete c1 >= 5
tensor "relu/relu@1x288" temporary f32 [1, 1, 1, 288] at 2304 alias relu/relu complete c1 >= 5
tensor pool/max_pool temporary f32 [2, 3, 3, 4] at 0 host [2, 3, 3, 4] permutation [0, 1, 2, 3] complete c1 >= 6
tensor "pool/max_pool@2x36" temporary f32 [1, 1, 2, 36] at 0 alias pool/max_pool complete c1 >= 6
location 0 layer conv phase fwd op ""
location 1 layer relu phase fwd op ""
location 2 layer pool phase fwd op ""
location 3 layer fc phase fwd op ""
placement spm weights 7296 7744 slots 1 layer conv
placement spm streamed 0 1536 slots 1 layer conv
placement spm channels 7744 7808 slots 1 layer conv
placement spm operand 2688 3840 slots 2 layer conv
placement spm operand 4992 6144 slots 2 layer relu
placement spm input 0 1152 slots 1 layer pool
placement spm weights 0 768 slots 1 layer fc
placement spm streamed 768 1088 slots 1 layer fc
placement spm result 1536 2688 slots 1 layer conv
placement spm result 3840 4992 slots 2 layer conv
placement spm result 6144 7296 slots 2 layer relu
placement spm output 1152 1472 slots 1 layer pool
placement spm result 1088 1152 slots 1 layer fc
placement acc0 accumulator 0 72 slots 1 layer conv
placement acc0 accumulator 0 2 slots 1 layer fc
placement dram x 3456 4352 slots 1 layer ""
placement dram conv.weight 5120 5568 slots 1 layer ""
placement dram conv.bias 5632 5696 slots 1 layer ""
placement dram fc.weight 4352 5120 slots 1 layer ""
placement dram logits 5568 5632 slots 1 layer ""
placement dram conv/conv2d 0 1152 slots 1 layer ""
placement dram conv/bias_add 1152 2304 slots 1 layer ""
placement dram relu/relu 2304 3456 slots 1 layer ""
placement dram pool/max_pool 0 320 slots 1 layer ""
counter c0 load 0
counter c1 store 0
counter c2 matrix 0
counter c3 drain 0
counter c4 vector 0

stream load 0
  load tensor=conv.weight, coordinate=[0, 0, 0, 0], box=[3, 3, 3, 4], local=7296, localStride=[36, 12, 4, 1], localType=f32, fill=0 increment(c0)
  load tensor=x, coordinate=[0, -1, -1, 0], box=[2, 8, 8, 3], local=0, localStride=[192, 24, 3, 1], localType=f32, fill=0 increment(c0)
  load tensor=conv.bias, coordinate=[0, 0, 0, 0], box=[1, 1, 1, 4], local=7744, localStride=[0, 0, 0, 1], localType=f32, fill=0 increment(c0)
  loop 2
    load tensor="conv/conv2d@72x4", coordinate=[0, 0, 36*i0, 0], box=[1, 1, 36, 4], local=2688 + 576*((i0) mod 2), localStride=[144, 144, 4, 1], localType=f32, fill=0 after(c1 >= 1) increment(c0)
  end_loop
  loop 2 @1
    load tensor="conv/bias_add@1x288", coordinate=[0, 0, 0, 144*i0], box=[1, 1, 1, 144], local=4992 + 576*((i0) mod 2), localStride=[144, 144, 144, 1], localType=f32, fill=0 after(c1 >= 3, c4 >= 1 + i0) increment(c0) @1
  end_loop @1
  load tensor=relu/relu, coordinate=[0, 0, 0, 0], box=[2, 6, 6, 4], local=0, localStride=[144, 24, 4, 1], localType=f32, fill=-inf after(c1 >= 5) increment(c0) @2
  load tensor=fc.weight, coordinate=[0, 0, 0, 0], box=[1, 1, 5, 36], local=0, localStride=[180, 180, 1, 5], localType=f32, fill=0 after(c4 >= 5) increment(c0) @3
  load tensor="pool/max_pool@2x36", coordinate=[0, 0, 0, 0], box=[1, 1, 2, 36], local=768, localStride=[72, 72, 36, 1], localType=f32, fill=0 after(c1 >= 6) increment(c0) @3

stream store 0
  store tensor=conv/conv2d, coordinate=[0, 0, 0, 0], box=[2, 6, 6, 4], local=1536, localStride=[144, 24, 4, 1], localType=f32 after(c3 >= 1) increment(c1)
  loop 2
    store tensor="conv/bias_add@72x4", coordinate=[0, 0, 36*i0, 0], box=[1, 1, 36, 4], local=3840 + 576*((i0) mod 2), localStride=[144, 144, 4, 1], localType=f32 after(c4 >= 1 + i0) increment(c1)
  end_loop
  loop 2 @1
    store tensor="relu/relu@1x288", coordinate=[0, 0, 0, 144*i0], box=[1, 1, 1, 144], local=6144 + 576*((i0) mod 2), localStride=[144, 144, 144, 1], localType=f32 after(c4 >= 3 + i0) increment(c1) @1
  end_loop @1
  store tensor=pool/max_pool, coordinate=[0, 0, 0, 0], box=[2, 3, 3, 4], local=1152, localStride=[36, 12, 4, 1], localType=f32 after(c4 >= 5) increment(c1) @2
  store tensor=logits, coordinate=[0, 0, 0, 0], box=[1, 1, 2, 5], local=1088, localStride=[10, 10, 5, 1], localType=f32 after(c3 >= 2) increment(c1) @3

stream matrix 0
  loop 3
    loop 2
      load_weights bank=2*i0 + i1, source=7296 + 144*i0 + 96*i1, kCount=[1, 1, min(6, 9 - 6*i1)], kStride=[0, 36, 4], nCount=4, nStride=1, type=f32 after(c0 >= 1)
      multiply bank=2*i0 + i1, source=96*i0 + 24*i1, mCount=[2, 6, 6], mStride=[192, 24, 3], kCount=[1, 1, min(6, 9 - 6*i1)], kStride=[0, 24, 1], type=f32, acc=0, accStride=[36, 6, 1], accumulate=i0 + i1 after(c0 >= 2) increment(c2)
    end_loop
  end_loop
  loop 5 @3
    load_weights bank=i0, source=160*i0, kCount=[1, 1, min(8, 36 - 8*i0)], kStride=[180, 180, 5], nCount=5, nStride=1, type=f32 after(c0 >= 9) @3
    multiply bank=i0, source=768 + 32*i0, mCount=[1, 1, 2], mStride=[72, 72, 36], kCount=[1, 1, min(8, 36 - 8*i0)], kStride=[72, 36, 1], type=f32, acc=0, accStride=[2, 2, 1], accumulate=i0 after(c0 >= 10) increment(c2) @3
  end_loop @3

stream drain 0
  drain acc=0, mCount=[2, 6, 6], accStride=[36, 6, 1], nCount=4, destination=1536, destinationStride=[144, 24, 4], columnStride=1, type=f32 after(c2 >= 6) increment(c3)
  drain acc=0, mCount=[1, 1, 2], accStride=[2, 2, 1], nCount=5, destination=1088, destinationStride=[10, 10, 5], columnStride=1, type=f32 after(c2 >= 11) increment(c3) @3

stream vector 0
  loop 2
    map function=add, count=[1, 1, 36, 4], destination=3840 + 576*((i0) mod 2), destinationStride=[144, 144, 4, 1], destinationType=f32, a=2688 + 576*((i0) mod 2), aStride=[144, 144, 4, 1], aType=f32, b=7744, bStride=[0, 0, 0, 1], bType=f32, c=0, cStride=[0, 0, 0, 0], cType=f32, immediate=0 after(c0 >= 4 + i0, c1 >= i0) increment(c4)
  end_loop
  loop 2 @1
    map function=relu, count=[1, 1, 1, 144], destination=6144 + 576*((i0) mod 2), destinationStride=[144, 144, 144, 1], destinationType=f32, a=4992 + 576*((i0) mod 2), aStride=[144, 144, 144, 1], aType=f32, b=0, bStride=[0, 0, 0, 0], bType=f32, c=0, cStride=[0, 0, 0, 0], cType=f32, immediate=0 after(c0 >= 6 + i0, c1 >= 2 + i0) increment(c4) @1
  end_loop @1
  pool function=max, count=[2, 3, 3, 4], destination=1152, destinationStride=[36, 12, 4, 1], a=0, aStride=[144, 48, 8, 1], aType=f32, window=[2, 2], windowStride=[24, 4] after(c0 >= 8) increment(c4) @2

module
| #loc2 = loc("small.mlir":1:20)
| #loc3 = loc("small.mlir":2:5)
| #loc4 = loc("small.mlir":3:5)
| #loc5 = loc("small.mlir":4:5)
| module {
|   func.func @forward(%arg0: tensor<2x6x6x3xf32> {nn.name = "x", nn.role = #nn.role<input>} loc("small.mlir":1:20), %arg1: tensor<3x3x3x4xf32> {nn.name = "conv.weight", nn.role = #nn.role<parameter>} loc("small.mlir":2:5), %arg2: tensor<4xf32> {nn.name = "conv.bias", nn.role = #nn.role<parameter>} loc("small.mlir":3:5), %arg3: tensor<5x36xf32> {nn.name = "fc.weight", nn.role = #nn.role<parameter>} loc("small.mlir":4:5)) -> (tensor<2x5xf32> {nn.name = "logits"}) {
|     %0 = nn.conv2d %arg0, %arg1 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {mapping = #nn.mapping<{acc_slots = 2 : i64, blocks = 1 : i64, chunk_c = 3 : i64, chunk_kh = 1 : i64, chunk_kw = 2 : i64, columns_outer = 0 : i64, estimate_compute_cycles = 472 : i64, estimate_cycles = 569 : i64, estimate_dram_bytes = 2496 : i64, h = 6 : i64, k = 3 : i64, n = 2 : i64, resident = 0 : i64, slots = 2 : i64, w = 6 : i64}>, plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [3, 1, 2]>} : (tensor<2x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<2x6x6x4xf32> loc(#loc12)
|     %1 = nn.bias_add %0, %arg2 {mapping = #nn.mapping<{columns = 4 : i64, estimate_compute_cycles = 52 : i64, estimate_cycles = 199 : i64, estimate_dram_bytes = 2304 : i64, rows = 36 : i64, slots = 2 : i64}>} : (tensor<2x6x6x4xf32>, tensor<4xf32>) -> tensor<2x6x6x4xf32> loc(#loc12)
|     %2 = nn.relu %1 {mapping = #nn.mapping<{columns = 144 : i64, estimate_compute_cycles = 52 : i64, estimate_cycles = 199 : i64, estimate_dram_bytes = 2304 : i64, rows = 1 : i64, slots = 2 : i64}>} : tensor<2x6x6x4xf32> loc(#loc13)
|     %3 = nn.max_pool %2 kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] {mapping = #nn.mapping<{c = 4 : i64, estimate_compute_cycles = 52 : i64, estimate_cycles = 152 : i64, estimate_dram_bytes = 1536 : i64, h = 3 : i64, n = 2 : i64, slots = 2 : i64, w = 3 : i64}>} : (tensor<2x6x6x4xf32>) -> tensor<2x3x3x4xf32> loc(#loc14)
|     %4 = nn.reshape %3 : (tensor<2x3x3x4xf32>) -> tensor<2x36xf32> loc(#loc15)
|     %5 = nn.matmul %4, %arg3 {mapping = #nn.mapping<{acc_slots = 2 : i64, blocks = 1 : i64, chunk_c = 8 : i64, chunk_kh = 1 : i64, chunk_kw = 1 : i64, columns_outer = 0 : i64, estimate_compute_cycles = 76 : i64, estimate_cycles = 138 : i64, estimate_dram_bytes = 1152 : i64, h = 1 : i64, k = 36 : i64, n = 1 : i64, resident = 0 : i64, slots = 2 : i64, w = 2 : i64}>, plan = #nn.plan<dims = ["k"], chunks = [8]>, transpose_b = true} : (tensor<2x36xf32>, tensor<5x36xf32>) -> tensor<2x5xf32> loc(#loc16)
|     return %5 : tensor<2x5xf32> loc(#loc11)
|   } loc(#loc1)
| } loc(#loc)
| #loc = loc("small.mlir":0:0)
| #loc1 = loc("small.mlir":1:1)
| #loc6 = loc("conv")
| #loc7 = loc("relu")
| #loc8 = loc("pool")
| #loc9 = loc("flatten")
| #loc10 = loc("fc")
| #loc11 = loc("small.mlir":11:3)
| #loc12 = loc(fused<"fwd">[#loc6])
| #loc13 = loc(fused<"fwd">[#loc7])
| #loc14 = loc(fused<"fwd">[#loc8])
| #loc15 = loc(fused<"fwd">[#loc9])
| #loc16 = loc(fused<"fwd">[#loc10])
| 
