# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A convolution by hand: y[1,5,6,8] = conv2d(x[1,5,6,4], w[3,3,4,8]), stride 1, padding 1, weight stationary.
#
# Output rows go in tiles of two; five rows make the last tile ragged, so the extents that count rows are clamped. The
# padded input (four rows of eight pixels), the accumulator and the result have two slots each, so that loading,
# multiplying, draining and storing of neighbouring tiles overlap. Per tile there are nine taps (kh, kw), each a weight
# bank of 4 rows (input channels) by 8 columns (output channels); the first tap overwrites, the others add.
#
# scratchpad   0..1152 w | 1152..2176 x, two slots of 512 | 2176..2944 y, two slots of 384
# accumulator  two slots of 12 rows (2 x 6 pixels)
arsis 1
dram 2592
requires matrix.rows >= 4
requires matrix.cols >= 8
requires matrix.accumulator_rows >= 24
requires scratchpad.kib >= 3
option chip tiny

tensor x input f32 [1, 5, 6, 4] at 0 host [1, 4, 5, 6] permutation [0, 3, 1, 2]
tensor w parameter f32 [3, 3, 4, 8] at 480 host [8, 4, 3, 3] permutation [3, 2, 0, 1]
tensor y output f32 [1, 5, 6, 8] at 1632 host [1, 8, 5, 6] permutation [0, 3, 1, 2] observable complete c3 >= 3

location 0 layer conv1 phase fwd op nn.conv2d
placement spm w 0 1152 slots 1 layer conv1
placement spm x 1152 2176 slots 2 layer conv1
placement spm y 2176 2944 slots 2 layer conv1
placement acc0 y 0 24 slots 2 layer conv1

counter c0 load 0     # 1: w is there; 2 + t: input of tile t is there
counter c1 matrix 0   # 9 * (t + 1): tile t is multiplied
counter c2 drain 0    # t + 1: tile t is drained
counter c3 store 0    # t + 1: tile t is stored

stream load 0
  load tensor=w, coordinate=[0, 0, 0, 0], box=[3, 3, 4, 8], local=0, localStride=[96, 32, 8, 1], localType=f32, fill=0 increment(c0)
  loop 3
    # The slot was last read by the products of tile t - 2.
    load tensor=x, coordinate=[0, 2*i0 - 1, -1, 0], box=[1, 4, 8, 4], local=1152 + 512*((i0) mod 2), localStride=[128, 32, 4, 1], localType=f32, fill=0 after(c1 >= 9*i0 - 9) increment(c0)
  end_loop

stream matrix 0
  loop 3
    wait after(c0 >= i0 + 2, c2 >= i0 - 1)
    loop 3    # kh
      loop 3  # kw
        load_weights bank=9*i0 + 3*i1 + i2, source=384*i1 + 128*i2, kCount=[1, 1, 4], kStride=[0, 0, 8], nCount=8, nStride=1, type=f32
        multiply bank=9*i0 + 3*i1 + i2, source=1152 + 512*((i0) mod 2) + 128*i1 + 16*i2, mCount=[1, min(2, 5 - 2*i0), 6], mStride=[0, 32, 4], kCount=[1, 1, 4], kStride=[0, 0, 1], type=f32, acc=12*((i0) mod 2), accStride=[0, 6, 1], accumulate=3*i1 + i2 increment(c1)
      end_loop
    end_loop
  end_loop

stream drain 0
  loop 3
    drain acc=12*((i0) mod 2), mCount=[1, min(2, 5 - 2*i0), 6], accStride=[0, 6, 1], nCount=8, destination=2176 + 384*((i0) mod 2), destinationStride=[0, 48, 8], columnStride=1, type=f32 after(c1 >= 9*i0 + 9, c3 >= i0 - 1) increment(c2)
  end_loop

stream store 0
  loop 3
    store tensor=y, coordinate=[0, 2*i0, 0, 0], box=[1, min(2, 5 - 2*i0), 6, 8], local=2176 + 384*((i0) mod 2), localStride=[96, 48, 8, 1], localType=f32 after(c2 >= i0 + 1) increment(c3)
  end_loop
