// Gathers the fragments of 32 lanes into matrices, multiplies them and hands the result back.
#include "mma.h"

#include "../device/softcuda_half.h"

namespace softcuda
{
namespace
{
// The halves of a register: element 0 in the low bits.
float element(unsigned packed, unsigned which)
{
    return softcuda_half_to_float(static_cast<unsigned short>(packed >> 16 * which));
}
} // namespace

// Lane l belongs to group g = l/4 and is number t = l%4 in it. It holds, two neighbouring columns per register,
//   a[0] row g, a[1] row g+8, columns 2t and 2t+1; a[2], a[3] the same rows, columns 2t+8 and 2t+9;
//   b[0] rows 2t and 2t+1, b[1] rows 2t+8 and 2t+9, of column g;
//   c, d [0..1] row g, [2..3] row g+8, columns 2t and 2t+1.
void multiply_m16n8k16(const softcuda_mma_operands *const operands[32])
{
    float a[16][16], b[8][16];
    for (unsigned lane = 0; lane < 32; ++lane)
    {
        const unsigned group = lane / 4, column = lane % 4 * 2;
        for (unsigned which = 0; which < 2; ++which)
        {
            a[group][column + which] = element(operands[lane]->a[0], which);
            a[group + 8][column + which] = element(operands[lane]->a[1], which);
            a[group][column + which + 8] = element(operands[lane]->a[2], which);
            a[group + 8][column + which + 8] = element(operands[lane]->a[3], which);
            b[group][column + which] = element(operands[lane]->b[0], which);
            b[group][column + which + 8] = element(operands[lane]->b[1], which);
        }
    }
    for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned i = 0; i < 4; ++i)
        {
            const float *row = a[lane / 4 + i / 2 * 8], *column = b[lane % 4 * 2 + i % 2];
            double sum = operands[lane]->c[i];
            for (unsigned k = 0; k < 16; ++k)
                sum += static_cast<double>(row[k]) * column[k];
            operands[lane]->d[i] = static_cast<float>(sum);
        }
}
} // namespace softcuda
