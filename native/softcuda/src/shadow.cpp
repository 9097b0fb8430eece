// Maps shadow cells, which cost memory only where they are touched.
#include "shadow.h"

#include <new>
#include <sys/mman.h>

namespace softcuda
{
namespace
{
ShadowCell *map_cells(std::size_t count)
{
    void *memory = mmap(nullptr, count * sizeof(ShadowCell), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        throw std::bad_alloc();
    return static_cast<ShadowCell *>(memory);
}
} // namespace

ShadowCell *Shadow::cells(std::size_t bytes, std::size_t offset, std::size_t size, std::size_t &count)
{
    if (!cells_)
    {
        bytes_ = bytes;
        cells_ = map_cells((bytes >> shift_) + 1);
    }
    const unsigned fitting = static_cast<unsigned>(__builtin_ctzll(offset | size | 4));
    if (fitting < shift_)
        refine(fitting);
    const std::size_t first = offset >> shift_;
    count = ((offset + size - 1) >> shift_) - first + 1;
    return cells_ + first;
}

void Shadow::refine(unsigned shift)
{
    const std::size_t old_count = (bytes_ >> shift_) + 1, pieces = std::size_t{1} << (shift_ - shift);
    ShadowCell *fine = map_cells((bytes_ >> shift) + pieces);
    for (std::size_t i = 0; i < old_count; ++i)
        if (cells_[i].write.block != 0 || cells_[i].read.block != 0)
            for (std::size_t piece = 0; piece < pieces; ++piece)
                fine[i * pieces + piece] = cells_[i];
    munmap(cells_, old_count * sizeof(ShadowCell));
    cells_ = fine;
    shift_ = shift;
}

void Shadow::clear()
{
    if (cells_)
        munmap(cells_, ((bytes_ >> shift_) + 1) * sizeof(ShadowCell));
    cells_ = nullptr;
    shift_ = 2;
}
} // namespace softcuda
