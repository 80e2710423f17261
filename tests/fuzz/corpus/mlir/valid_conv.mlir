func.func @forward(%x: tensor<2x6x6x3xf32> {nn.name = "x", nn.role = #nn.role<input>},
    %w1: tensor<3x3x3x4xf32> {nn.name = "conv.weight", nn.role = #nn.role<parameter>},
    %b1: tensor<4xf32> {nn.name = "conv.bias", nn.role = #nn.role<parameter>},
    %w2: tensor<5x36xf32> {nn.name = "fc.weight", nn.role = #nn.role<parameter>}) -> (tensor<2x5xf32> {nn.name = "logits"}) {
  %0 = nn.conv2d %x, %w1 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (tensor<2x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<2x6x6x4xf32> loc(#conv)
  %1 = nn.bias_add %0, %b1 : (tensor<2x6x6x4xf32>, tensor<4xf32>) -> tensor<2x6x6x4xf32> loc(#conv)
  %2 = nn.relu %1 : tensor<2x6x6x4xf32> loc(#relu)
  %3 = nn.max_pool %2 kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<2x6x6x4xf32>) -> tensor<2x3x3x4xf32> loc(#pool)
  %4 = nn.reshape %3 : (tensor<2x3x3x4xf32>) -> tensor<2x36xf32> loc(#flatten)
  %5 = nn.matmul %4, %w2 {transpose_b = true} : (tensor<2x36xf32>, tensor<5x36xf32>) -> tensor<2x5xf32> loc(#fc)
  return %5 : tensor<2x5xf32>
}
#conv = loc(fused<"fwd">["conv"])
#relu = loc(fused<"fwd">["relu"])
#pool = loc(fused<"fwd">["pool"])
#flatten = loc(fused<"fwd">["flatten"])
#fc = loc(fused<"fwd">["fc"])
