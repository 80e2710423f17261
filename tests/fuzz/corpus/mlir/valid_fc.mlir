func.func @forward(%x: tensor<3x10xf32> {nn.name = "x", nn.role = #nn.role<input>},
    %w: tensor<4x10xf32> {nn.name = "w", nn.role = #nn.role<parameter>, nn.initial = dense<0.5> : tensor<4x10xf32>},
    %b: tensor<4xf32> {nn.name = "b", nn.role = #nn.role<parameter>, nn.initial = dense<[1.0, 2.0, -1.0, 0.5]> : tensor<4xf32>}) -> (tensor<3x4xf32> {nn.name = "y"}) {
  %0 = nn.matmul %x, %w {transpose_b = true} : (tensor<3x10xf32>, tensor<4x10xf32>) -> tensor<3x4xf32> loc(#fc)
  %1 = nn.bias_add %0, %b : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32> loc(#fc)
  return %1 : tensor<3x4xf32>
}
#fc = loc(fused<"fwd">["fc"])
