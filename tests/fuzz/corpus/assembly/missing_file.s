arsis 1
dram 512
requires scratchpad.kib >= 1
requires dram.capacity_mib >= 1
requires matrix.accumulator_rows >= 3
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
tensor x input f32 [1, 1, 3, 10] at 192 host [3, 10] permutation [0, 1]
tensor w parameter f32 [1, 1, 4, 10] at 0 host [4, 10] permutation [0, 1]
tensor b parameter f32 [1, 1, 1, 4] at 448 host [4] permutation [0]
tensor y output f32 [1, 1, 3, 4] at 320 host [3, 4] permutation [0, 1] complete c1 >= 2
tensor fc/matmul temporary f32 [1, 1, 3, 4] at 384 host [3, 4] permutation [0, 1] complete c1 >= 1
location 0 layer fc phase fwd op ""
placement spm weights 0 192 slots 1 layer fc
placement spm streamed 192 320 slots 1 layer fc
placement spm channels 384 448 slots 1 layer fc
placement spm operand 448 512 slots 1 layer fc
placement spm result 320 384 slots 1 layer fc
placement spm result 512 576 slots 1 layer fc
placement acc0 accumulator 0 3 slots 1 layer fc
placement dram x 192 320 slots 1 layer ""
placement dram w 0 192 slots 1 layer ""
placement dram b 448 512 slots 1 layer ""
placement dram y 320 384 slots 1 layer ""
placement dram fc/matmul 384 448 slots 1 layer ""
counter c0 load 0
counter c1 store 0
counter c2 matrix 0
counter c3 drain 0
counter c4 vector 0

stream load 0
  load tensor=w, coordinate=[0, 0, 0, 0], box=[1, 1, 4, 10], local=0, localStride=[40, 40, 1, 4], localType=f32, fill=0 increment(c0)
  load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, 3, 10], local=192, localStride=[30, 30, 10, 1], localType=f32, fill=0 increment(c0)
  load tensor=b, coordinate=[0, 0, 0, 0], box=[1, 1, 1, 4], local=384, localStride=[0, 0, 0, 1], localType=f32, fill=0
  load tensor=fc/matmul, coordinate=[0, 0, 0, 0], box=[1, 1, 3, 4], local=448, localStride=[12, 12, 4, 1], localType=f32, fill=0 after(c1 >= 1) increment(c0)

stream store 0
  store tensor=fc/matmul, coordinate=[0, 0, 0, 0], box=[1, 1, 3, 4], local=320, localStride=[12, 12, 4, 1], localType=f32 after(c3 >= 1) increment(c1)
  store tensor=y, coordinate=[0, 0, 0, 0], box=[1, 1, 3, 4], local=512, localStride=[12, 12, 4, 1], localType=f32 after(c4 >= 1) increment(c1)

stream matrix 0
  loop 2
    load_weights bank=i0, source=128*i0, kCount=[1, 1, min(8, 10 - 8*i0)], kStride=[40, 40, 4], nCount=4, nStride=1, type=f32 after(c0 >= 1)
    multiply bank=i0, source=192 + 32*i0, mCount=[1, 1, 3], mStride=[30, 30, 10], kCount=[1, 1, min(8, 10 - 8*i0)], kStride=[30, 10, 1], type=f32, acc=0, accStride=[3, 3, 1], accumulate=i0 after(c0 >= 2) increment(c2)
  end_loop

stream drain 0
  drain acc=0, mCount=[1, 1, 3], accStride=[3, 3, 1], nCount=4, destination=320, destinationStride=[12, 12, 4], columnStride=1, type=f32 after(c2 >= 2) increment(c3)

stream vector 0
  map function=add, count=[1, 1, 3, 4], destination=512, destinationStride=[12, 12, 4, 1], destinationType=f32, a=448, aStride=[12, 12, 4, 1], aType=f32, b=384, bStride=[0, 0, 0, 1], bType=f32, c=0, cStride=[0, 0, 0, 0], cType=f32, immediate=0 after(c0 >= 3) increment(c4)

file 0 weights.safetensors bytes 264 sha256 "abababababababababababababababababababababababababababababababab"
initial w file 0 at 104

initial b hex
| 0000803f00000040000080bf0000003f

module
| #loc2 = loc("fc.mlir":1:20)
| #loc3 = loc("fc.mlir":2:5)
| #loc4 = loc("fc.mlir":3:5)
| module {
|   func.func @forward(%arg0: tensor<3x10xf32> {nn.name = "x", nn.role = #nn.role<input>} loc("fc.mlir":1:20), %arg1: tensor<4x10xf32> {nn.initial = dense<5.000000e-01> : tensor<4x10xf32>, nn.name = "w", nn.role = #nn.role<parameter>} loc("fc.mlir":2:5), %arg2: tensor<4xf32> {nn.name = "b", nn.role = #nn.role<parameter>} loc("fc.mlir":3:5)) -> (tensor<3x4xf32> {nn.name = "y"}) {
|     %0 = nn.matmul %arg0, %arg1 {mapping = #nn.mapping<{acc_slots = 2 : i64, blocks = 1 : i64, chunk_c = 8 : i64, chunk_kh = 1 : i64, chunk_kw = 1 : i64, columns_outer = 0 : i64, estimate_compute_cycles = 40 : i64, estimate_cycles = 78 : i64, estimate_dram_bytes = 384 : i64, h = 1 : i64, k = 10 : i64, n = 1 : i64, resident = 0 : i64, slots = 2 : i64, w = 3 : i64}>, plan = #nn.plan<dims = ["k"], chunks = [8]>, transpose_b = true} : (tensor<3x10xf32>, tensor<4x10xf32>) -> tensor<3x4xf32> loc(#loc7)
|     %1 = nn.bias_add %0, %arg2 {mapping = #nn.mapping<{columns = 4 : i64, estimate_compute_cycles = 9 : i64, estimate_cycles = 42 : i64, estimate_dram_bytes = 128 : i64, rows = 3 : i64, slots = 2 : i64}>} : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32> loc(#loc7)
|     return %1 : tensor<3x4xf32> loc(#loc6)
|   } loc(#loc1)
| } loc(#loc)
| #loc = loc("fc.mlir":0:0)
| #loc1 = loc("fc.mlir":1:1)
| #loc5 = loc("fc")
| #loc6 = loc("fc.mlir":6:3)
| #loc7 = loc(fused<"fwd">[#loc5])
| 
