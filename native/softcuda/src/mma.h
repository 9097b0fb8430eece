// The warp-wide matrix product d = a b + c of mma.sync.m16n8k16 with half inputs and float sums.
#pragma once

#include "../device/softcuda_abi.h"

namespace softcuda
{
// operands[lane] holds the fragments of that lane; d of all lanes is written.
void multiply_m16n8k16(const softcuda_mma_operands *const operands[32]);
} // namespace softcuda
