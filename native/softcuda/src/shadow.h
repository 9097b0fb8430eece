// What the checker remembers about memory: the last write and read of each 1, 2 or 4 bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softcuda
{
// One access. A record whose block is 0 is empty.
struct AccessRecord
{
    std::uint32_t block; // serial number of the block, over all launches
    std::uint32_t clock; // of its thread: how often it had synchronised
    std::uint32_t tick;  // of its block: how many fences and atomics it had seen
    std::uint32_t thread : 10;
    std::uint32_t flags : 4;
    std::uint32_t code : 18; // where in the module's code; 0: further on than fits
};

struct ShadowCell
{
    AccessRecord write, read;
};

// Cells are made on first use and halve their grain when an access is smaller than it.
class Shadow
{
  public:
    Shadow() = default;
    Shadow(const Shadow &) = delete;
    Shadow &operator=(const Shadow &) = delete;
    ~Shadow() { clear(); }

    // The cells of [offset, offset + size) of a memory of `bytes` bytes; count is set.
    ShadowCell *cells(std::size_t bytes, std::size_t offset, std::size_t size, std::size_t &count);
    void clear();

  private:
    void refine(unsigned shift);

    ShadowCell *cells_ = nullptr;
    std::size_t bytes_ = 0;
    unsigned shift_ = 2;
};
} // namespace softcuda
