// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An output-stationary array with shift-out buffers: PEs, skew registers, ports, and the sequencer that
// decides when a tile enters. The architecture is that of timing/OutputStationary.h.

module output_stationary_pe
  import systolic::*;
#(
    parameter int LATENCY = 1
) (
    input logic clk,
    input logic reset,
    input left_t left_in,
    output left_t left_out,
    input right_t right_in,
    output right_t right_out,
    input moving_t sum_in,
    output moving_t sum_out
);
  /* verilator no_inline_module */
  typedef struct packed {
    logic valid;
    logic first;
    logic last;
    sum_t product;
    count_t rows;
    count_t depth;
  } stage_t;
  stage_t stages[LATENCY];  // the last one is not registered: the sum is
  sum_t sum;
  logic complete;           // the sum, since this cycle
  count_t complete_rows, complete_depth;
  moving_t buffer;
  count_t waits;

  assign stages[0] = '{
          valid: left_in.valid && right_in.valid,
          first: right_in.first,
          last: right_in.last,
          product: 32'(left_in.value) * 32'(right_in.value),
          rows: right_in.rows,
          depth: right_in.depth
      };
  for (genvar i = 1; i < LATENCY; i++) begin : pipeline
    always_ff @(posedge clk) stages[i] <= reset ? '0 : stages[i-1];
  end

  assign sum_out = '{valid: buffer.valid && waits == 0, value: buffer.value, depth: buffer.depth};

  always_ff @(posedge clk) begin
    if (stages[LATENCY-1].valid)
      sum <= (stages[LATENCY-1].first ? 0 : sum) + stages[LATENCY-1].product;
    complete <= stages[LATENCY-1].valid && stages[LATENCY-1].last;
    complete_rows <= stages[LATENCY-1].rows;
    complete_depth <= stages[LATENCY-1].depth;

    // A finished sum waits for those of the rows below, one cycle for each; then all move down.
    if (complete) begin
      buffer <= '{valid: 1, value: sum, depth: complete_depth};
      waits <= complete_rows - 1;
    end else if (sum_in.valid && sum_in.depth > 1) begin
      buffer <= '{valid: 1, value: sum_in.value, depth: sum_in.depth - 1};
      waits <= 0;
    end else if (waits != 0) begin
      waits <= waits - 1;
    end else begin
      buffer.valid <= 0;
    end

    left_out <= left_in;
    left_out.valid <= left_in.valid && left_in.columns > 1;
    left_out.columns <= left_in.columns - 1;
    right_out <= right_in;
    right_out.valid <= right_in.valid && right_in.rows > 1;
    right_out.rows <= right_in.rows - 1;
    right_out.depth <= right_in.depth - 1;

    if (reset) begin
      left_out <= '0;
      right_out <= '0;
      buffer <= '0;
      waits <= 0;
      complete <= 0;
      sum <= 0;
    end
  end
endmodule

module output_stationary_sequencer
  import systolic::*;
(
    input logic clk,
    input logic reset,
    // The next tile, or that under way.
    output long_t tile_index,
    input logic tile_valid,
    input count_t tile_m,
    input long_t tile_k,
    // What enters in this cycle.
    output logic feed_now,
    output long_t feed_step,
    output count_t feed_depth  // rows that the sums pass
);
  // Cycles until the last operands of a tile may have entered, and that with the rows which its sums pass.
  long_t buffers_wait, port_wait;
  count_t depth, next_depth;
  logic begins;

  function automatic long_t less(long_t cycles);
    return cycles == 0 ? 0 : cycles - 1;
  endfunction

  always_comb begin
    next_depth = tile_m;
    if (port_wait > tile_k + long_t'(tile_m)) next_depth = count_t'(port_wait - tile_k);
    begins = tile_valid && feed_step == 0 && buffers_wait <= tile_k;
    feed_now = begins || feed_step != 0;
    feed_depth = begins ? next_depth : depth;
  end

  always_ff @(posedge clk) begin
    buffers_wait <= less(buffers_wait);
    port_wait <= less(port_wait);
    if (begins) begin
      depth <= next_depth;
      buffers_wait <= tile_k + long_t'(tile_m) - 1;
      port_wait <= tile_k + long_t'(tile_m) + long_t'(next_depth) - 1;
    end
    if (feed_now) begin
      feed_step <= feed_step + 1;
      if (feed_step + 1 == tile_k) begin
        feed_step <= 0;
        tile_index <= tile_index + 1;
      end
    end
    if (reset) begin
      tile_index <= 0;
      feed_step <= 0;
      buffers_wait <= 0;
      port_wait <= 0;
    end
  end
endmodule

module output_stationary_array
  import systolic::*;
#(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter int LATENCY = 1
) (
    input logic clk,
    input logic reset,
    input logic feed_now,
    input logic first,
    input logic last,
    input count_t feed_m,
    input count_t feed_n,
    input count_t feed_depth,
    input value_t x[ROWS],
    input value_t w[COLUMNS],
    output logic valid[COLUMNS],
    output sum_t sums[COLUMNS]
);
  left_t right[ROWS][COLUMNS+1];
  right_t down[ROWS+1][COLUMNS];
  moving_t moving[ROWS][COLUMNS];

  for (genvar c = 0; c < COLUMNS; c++) begin : top
    right_t enters;
    assign enters = '{
            valid: feed_now && count_t'(c) < feed_n,
            first: first,
            last: last,
            value: w[c],
            rows: feed_m,
            depth: feed_depth
        };
    delay #(c, $bits(right_t)) skew (clk, reset, enters, down[0][c]);
  end
  for (genvar r = 0; r < ROWS; r++) begin : row
    left_t enters;
    assign enters = '{valid: feed_now && count_t'(r) < feed_m, value: x[r], columns: feed_n};
    delay #(r, $bits(left_t)) skew (clk, reset, enters, right[r][0]);
    for (genvar c = 0; c < COLUMNS; c++) begin : column
      moving_t above;
      if (r == 0) assign above = '0;
      else assign above = moving[r-1][c];
      output_stationary_pe #(LATENCY) pe (
          .clk,
          .reset,
          .left_in(right[r][c]),
          .left_out(right[r][c+1]),
          .right_in(down[r][c]),
          .right_out(down[r+1][c]),
          .sum_in(above),
          .sum_out(moving[r][c])
      );
    end
  end

  // The port of a column: the row that a sum leaves, through a register.
  always_ff @(posedge clk)
    for (int c = 0; c < COLUMNS; c++) begin
      automatic logic leaves = 0;
      automatic sum_t value = 0;
      for (int r = 0; r < ROWS; r++)
        if (moving[r][c].valid && moving[r][c].depth == 1) begin
          leaves = 1;
          value = value | moving[r][c].value;
        end
      valid[c] <= leaves && !reset;
      sums[c] <= value;
    end
endmodule
