// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What moves between the PEs of both arrays, and shift registers. Operands are integers of 16 bits, sums of
// 32 that wrap.
package systolic;
  typedef logic signed [15:0] value_t;
  typedef logic [31:0] sum_t;
  typedef logic [7:0] count_t;  // rows or columns of an array
  typedef logic [15:0] long_t;  // rows of an operand, depth of a sum, cycles
  localparam int BANKS = 4;     // of weights; a program may use fewer
  typedef logic [$clog2(BANKS)-1:0] bank_t;

  // Weight stationary.
  typedef struct packed {
    logic valid;
    value_t value;
    bank_t bank;
    count_t rows;  // that it still enters, this one included
  } weight_t;
  typedef struct packed {
    logic valid;
    logic last;  // the sum is complete below this row
    value_t value;
    bank_t bank;
    count_t columns;  // that it still enters, this one included
  } operand_t;
  typedef struct packed {
    logic valid;
    logic last;
    sum_t value;
  } partial_t;

  // Output stationary.
  typedef struct packed {
    logic valid;
    value_t value;
    count_t columns;
  } left_t;
  typedef struct packed {
    logic valid;
    logic first;
    logic last;
    value_t value;
    count_t rows;   // that it still enters, this one included
    count_t depth;  // rows that the sum passes on its way out, this one included
  } right_t;
  typedef struct packed {
    logic valid;
    sum_t value;
    count_t depth;
  } moving_t;
endpackage

// CYCLES registers of WIDTH bits in a row; none is a wire.
module delay #(
    parameter int CYCLES = 0,
    parameter int WIDTH = 1
) (
    input logic clk,
    input logic reset,
    input logic [WIDTH-1:0] in,
    output logic [WIDTH-1:0] out
);
  if (CYCLES == 0) begin : wire_only
    assign out = in;
  end else begin : registers
    logic [WIDTH-1:0] line[CYCLES];
    always_ff @(posedge clk)
      for (int i = 0; i < CYCLES; i++)
        line[i] <= reset ? '0 : i == 0 ? in : line[i-1];
    assign out = line[CYCLES-1];
  end
endmodule
