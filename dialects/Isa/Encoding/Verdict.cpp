// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a verdict covers, as one number: every section that the verifier reads, as it stands in the file, and
// which tensors have initial values. A CRC sees every accident; whoever wants to deceive can.
#include "dialects/Isa/Encoding/Tables.h"

#include <boost/crc.hpp>

namespace arsis::isa {

uint64_t verdictHash(const Program &program) {
  ByteWriter covered;
  transferCore(covered, program);
  transferStreams(covered, program);
  transferDebug(covered, program);
  transferTensors(covered, program);
  transferLocations(covered, program);
  transferRequirements(covered, program);
  transferPlacements(covered, program);
  covered.unsignedNumber(program.initials.size());
  for (const Initial &initial : program.initials)
    covered(initial.tensor);
  // The polynomial of ECMA-182.
  boost::crc_optimal<64, 0x42f0e1eba9ea3693, ~uint64_t(0), ~uint64_t(0), true, true> crc;
  crc.process_bytes(covered.bytes.data(), covered.bytes.size());
  return crc.checksum();
}

} // namespace arsis::isa
