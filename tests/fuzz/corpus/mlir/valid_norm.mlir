func.func @forward(%x: tensor<2x5x5x3xf32> {nn.name = "x", nn.role = #nn.role<input>, nn.host_shape = array<i64: 2, 3, 5, 5>, nn.host_permutation = array<i64: 0, 3, 1, 2>},
    %w: tensor<1x1x3x3xf32> {nn.name = "w", nn.role = #nn.role<parameter>},
    %s: tensor<3xf32> {nn.name = "s", nn.role = #nn.role<parameter>}, %o: tensor<3xf32> {nn.name = "o", nn.role = #nn.role<parameter>},
    %m: tensor<3xf32> {nn.name = "m", nn.role = #nn.role<state>}, %v: tensor<3xf32> {nn.name = "v", nn.role = #nn.role<state>}) -> (tensor<2x3xf32> {nn.name = "y"}) {
  %0 = nn.conv2d %x, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<2x5x5x3xf32>, tensor<1x1x3x3xf32>) -> tensor<2x3x3x3xf32> loc(#c)
  %1 = nn.batch_norm_inference %0, %s, %o, %m, %v epsilon 1.0e-5 : (tensor<2x3x3x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x3x3xf32> loc(#n)
  %2 = nn.add %1, %0 : tensor<2x3x3x3xf32> loc(#n)
  %3 = nn.tanh %2 : tensor<2x3x3x3xf32> loc(#n)
  %4 = nn.avg_pool %3 kernel [3, 3] strides [3, 3] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<2x3x3x3xf32>) -> tensor<2x1x1x3xf32> loc(#p)
  %5 = nn.reshape %4 : (tensor<2x1x1x3xf32>) -> tensor<2x3xf32> loc(#p)
  return %5 : tensor<2x3xf32>
}
#c = loc(fused<"fwd">["c"])
#n = loc(fused<"fwd">["n"])
#p = loc(fused<"fwd">["p"])
