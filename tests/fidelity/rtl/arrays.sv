// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Both arrays of one shape, for the test bench: it answers the number of a load, product or tile with its
// dimensions, and the numbers of rows and steps with operands, in the same cycle.
module arrays
  import systolic::*;
#(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter int LATENCY = 1
) (
    input logic clk,
    input logic reset,
    // Weight stationary.
    output long_t load_index,
    input logic load_valid,
    input count_t load_k,
    input count_t load_n,
    input bank_t load_bank,
    input long_t load_after,
    output logic load_now,
    output count_t load_row,  // from the last row of the weights
    input value_t load_w[COLUMNS],
    output long_t product_index,
    input logic product_valid,
    input count_t product_k,
    input count_t product_n,
    input long_t product_m,
    input bank_t product_bank,
    input long_t product_loads,
    output logic feed_now,
    output long_t feed_row,
    input value_t feed_x[ROWS],
    output logic ws_valid[COLUMNS],
    output sum_t ws_sums[COLUMNS],
    // Output stationary.
    output long_t tile_index,
    input logic tile_valid,
    input count_t tile_m,
    input count_t tile_n,
    input long_t tile_k,
    output logic step_now,
    output long_t step,
    input value_t step_x[ROWS],
    input value_t step_w[COLUMNS],
    output logic os_valid[COLUMNS],
    output sum_t os_sums[COLUMNS]
);
  count_t feed_depth, step_depth;

  weight_stationary_sequencer #(LATENCY) ws_sequencer (.*);
  weight_stationary_array #(ROWS, COLUMNS, LATENCY) ws_array (
      .clk,
      .reset,
      .load_now,
      .load_rows(load_k - load_row),
      .load_n,
      .load_bank,
      .w(load_w),
      .feed_now,
      .feed_k(product_k),
      .feed_n(product_n),
      .feed_depth,
      .feed_bank(product_bank),
      .x(feed_x),
      .valid(ws_valid),
      .sums(ws_sums)
  );

  output_stationary_sequencer os_sequencer (
      .clk,
      .reset,
      .tile_index,
      .tile_valid,
      .tile_m,
      .tile_k,
      .feed_now(step_now),
      .feed_step(step),
      .feed_depth(step_depth)
  );
  output_stationary_array #(ROWS, COLUMNS, LATENCY) os_array (
      .clk,
      .reset,
      .feed_now(step_now),
      .first(step == 0),
      .last(step + 1 == tile_k),
      .feed_m(tile_m),
      .feed_n(tile_n),
      .feed_depth(step_depth),
      .x(step_x),
      .w(step_w),
      .valid(os_valid),
      .sums(os_sums)
  );
endmodule
