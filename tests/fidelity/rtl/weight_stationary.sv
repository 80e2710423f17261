// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A weight-stationary array: PEs, skew registers, ports, and the sequencer that decides what enters.
// The architecture is that of timing/WeightStationary.h.

module weight_stationary_pe
  import systolic::*;
#(
    parameter int LATENCY = 1
) (
    input logic clk,
    input logic reset,
    input weight_t weight_in,
    output weight_t weight_out,
    input operand_t operand_in,
    output operand_t operand_out,
    input sum_t sum_in,
    output partial_t sum_out
);
  /* verilator no_inline_module */
  value_t weights[BANKS];
  partial_t stages[LATENCY];  // for the synthesis tool to move through multiplier and adder
  sum_t product;

  assign product = 32'(operand_in.value) * 32'(weights[operand_in.bank]);
  assign sum_out = stages[LATENCY-1];

  always_ff @(posedge clk) begin
    stages[0] <= '{valid: operand_in.valid, last: operand_in.last, value: sum_in + product};
    for (int i = 1; i < LATENCY; i++) stages[i] <= stages[i-1];

    operand_out <= operand_in;
    operand_out.valid <= operand_in.valid && operand_in.columns > 1;
    operand_out.columns <= operand_in.columns - 1;

    if (weight_in.valid) weights[weight_in.bank] <= weight_in.value;
    weight_out <= weight_in;
    weight_out.valid <= weight_in.valid && weight_in.rows > 1;
    weight_out.rows <= weight_in.rows - 1;

    if (reset) begin
      operand_out <= '0;
      weight_out <= '0;
      for (int i = 0; i < LATENCY; i++) stages[i] <= '0;
      for (int i = 0; i < BANKS; i++) weights[i] <= '0;
    end
  end
endmodule

// Loads and products are taken in order, each with what must come before it.
module weight_stationary_sequencer
  import systolic::*;
#(
    parameter int LATENCY = 1
) (
    input logic clk,
    input logic reset,
    // The next load, or that under way: its number, its dimensions, and how many products begin before it.
    output long_t load_index,
    input logic load_valid,
    input count_t load_k,
    input bank_t load_bank,
    input long_t load_after,
    // The next product, or that under way; how many loads it needs.
    output long_t product_index,
    input logic product_valid,
    input count_t product_k,
    input long_t product_m,
    input bank_t product_bank,
    input long_t product_loads,
    // What enters in this cycle.
    output logic load_now,
    output count_t load_row,
    output logic feed_now,
    output long_t feed_row,
    output count_t feed_depth  // rows that the sums pass
);
  long_t bank_wait[BANKS];  // cycles for which its weights are still needed
  long_t sums_wait;         // cycles for which sums under way leave column 0
  count_t depth, next_depth;
  logic begins;
  logic bank_free;
  long_t begun;

  function automatic long_t less(long_t cycles);
    return cycles == 0 ? 0 : cycles - 1;
  endfunction

  always_comb begin
    next_depth = count_t'((int'(sums_wait) + LATENCY - 1) / LATENCY);
    if (next_depth < product_k) next_depth = product_k;
    begins = product_valid && feed_row == 0 && load_index >= product_loads;
    feed_now = begins || feed_row != 0;
    feed_depth = begins ? next_depth : depth;
    begun = product_index + long_t'(feed_now);
    bank_free = bank_wait[load_bank] == 0 && !(begins && product_bank == load_bank);
    load_now = load_valid && (load_row != 0 || (begun >= load_after && bank_free));
  end

  always_ff @(posedge clk) begin
    for (int b = 0; b < BANKS; b++) bank_wait[b] <= less(bank_wait[b]);
    sums_wait <= less(sums_wait);
    if (begins) begin
      depth <= next_depth;
      sums_wait <= product_m + long_t'(LATENCY) * long_t'(next_depth) - 1;
      bank_wait[product_bank] <= product_m + long_t'(LATENCY - 1) * (long_t'(product_k) - 1) - 1;
    end
    if (feed_now) begin
      feed_row <= feed_row + 1;
      if (feed_row + 1 == product_m) begin
        feed_row <= 0;
        product_index <= product_index + 1;
      end
    end
    if (load_now) begin
      load_row <= load_row + 1;
      if (load_row + 1 == load_k) begin
        load_row <= 0;
        load_index <= load_index + 1;
      end
    end
    if (reset) begin
      load_index <= 0;
      product_index <= 0;
      load_row <= 0;
      feed_row <= 0;
      sums_wait <= 0;
      for (int b = 0; b < BANKS; b++) bank_wait[b] <= 0;
    end
  end
endmodule

module weight_stationary_array
  import systolic::*;
#(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter int LATENCY = 1
) (
    input logic clk,
    input logic reset,
    input logic load_now,
    input count_t load_rows,  // that the weights which enter go down
    input count_t load_n,
    input bank_t load_bank,
    input value_t w[COLUMNS],
    input logic feed_now,
    input count_t feed_k,
    input count_t feed_n,
    input count_t feed_depth,
    input bank_t feed_bank,
    input value_t x[ROWS],
    output logic valid[COLUMNS],
    output sum_t sums[COLUMNS]
);
  weight_t down[ROWS+1][COLUMNS];
  operand_t right[ROWS][COLUMNS+1];
  partial_t partial[ROWS][COLUMNS];

  for (genvar c = 0; c < COLUMNS; c++) begin : top
    weight_t enters;
    assign enters = '{
            valid: load_now && count_t'(c) < load_n,
            value: w[c],
            bank: load_bank,
            rows: load_rows
        };
    delay #(c, $bits(weight_t)) skew (clk, reset, enters, down[0][c]);
  end
  for (genvar r = 0; r < ROWS; r++) begin : row
    operand_t enters;
    assign enters = '{
            valid: feed_now && count_t'(r) < feed_depth,
            last: count_t'(r + 1) == feed_depth,
            value: count_t'(r) < feed_k ? x[r] : 16'd0,
            bank: feed_bank,
            columns: feed_n
        };
    delay #(r * LATENCY, $bits(operand_t)) skew (clk, reset, enters, right[r][0]);
    for (genvar c = 0; c < COLUMNS; c++) begin : column
      sum_t above;
      if (r == 0) assign above = '0;
      else assign above = partial[r-1][c].value;
      weight_stationary_pe #(LATENCY) pe (
          .clk,
          .reset,
          .weight_in(down[r][c]),
          .weight_out(down[r+1][c]),
          .operand_in(right[r][c]),
          .operand_out(right[r][c+1]),
          .sum_in(above),
          .sum_out(partial[r][c])
      );
    end
  end

  // The port of a column: the row whose sum is complete.
  always_comb
    for (int c = 0; c < COLUMNS; c++) begin
      valid[c] = 0;
      sums[c] = 0;
      for (int r = 0; r < ROWS; r++)
        if (partial[r][c].valid && partial[r][c].last) begin
          valid[c] = 1;
          sums[c] = sums[c] | partial[r][c].value;
        end
    end
endmodule
