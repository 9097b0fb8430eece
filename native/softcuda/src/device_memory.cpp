// Places allocations in one reserved range of addresses.
#include "device_memory.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace softcuda
{
namespace
{
constexpr std::size_t alignment = 16; // of the widest vector type; a coarser one would hide small overruns
constexpr std::size_t watched_before = 64;

void *reserve(std::size_t size, int protection)
{
    void *memory = mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

bool all_canary(std::uintptr_t from, std::size_t count)
{
    const unsigned char *bytes = reinterpret_cast<const unsigned char *>(from);
    return std::all_of(bytes, bytes + count, [](unsigned char byte) { return byte == canary; });
}
} // namespace

DeviceMemory::DeviceMemory(std::uint64_t capacity)
    : capacity_(capacity), page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE)))
{
    // Sixteen times the capacity, so that freed addresses stay unused for long; less where addresses are limited.
    for (reserve_size_ = std::max<std::size_t>(capacity * 16, 1u << 30); reserve_size_ > capacity; reserve_size_ /= 2)
    {
        reserve_ = reinterpret_cast<std::uintptr_t>(reserve(reserve_size_, PROT_NONE));
        if (reserve_ != 0)
            break;
    }
    if (reserve_ == 0)
        throw std::bad_alloc();
    const std::size_t pages = reserve_size_ / page_;
    page_owner_ = static_cast<std::uint32_t *>(reserve(pages * sizeof *page_owner_, PROT_READ | PROT_WRITE));
    if (!page_owner_)
    {
        munmap(reinterpret_cast<void *>(reserve_), reserve_size_);
        throw std::bad_alloc();
    }
    cursor_ = reserve_ + page_;
}

DeviceMemory::~DeviceMemory()
{
    munmap(reinterpret_cast<void *>(reserve_), reserve_size_);
    munmap(page_owner_, reserve_size_ / page_ * sizeof *page_owner_);
}

// Next fit: addresses grow until the reserve ends, then gaps are used again from its start.
std::uintptr_t DeviceMemory::place(std::size_t bytes)
{
    const std::size_t needed = bytes + page_;
    for (int round = 0; round < 2; ++round)
    {
        for (auto next = live_.lower_bound(cursor_);; ++next)
        {
            const std::uintptr_t end = next == live_.end() ? reserve_ + reserve_size_ : next->first;
            if (end - cursor_ >= needed)
            {
                const std::uintptr_t start = cursor_;
                cursor_ += needed;
                return start;
            }
            if (next == live_.end())
                break;
            cursor_ = next->first + allocations_[next->second].page_bytes + page_;
        }
        cursor_ = reserve_ + page_;
    }
    return 0;
}

std::uintptr_t DeviceMemory::allocate(std::size_t size)
{
    if (size > capacity_ - used_)
        return 0;
    const std::size_t padded = (size + alignment - 1) / alignment * alignment;
    const std::size_t page_bytes = (padded + page_ - 1) / page_ * page_;
    const std::uintptr_t first = place(page_bytes);
    if (first == 0 || mprotect(reinterpret_cast<void *>(first), page_bytes, PROT_READ | PROT_WRITE) != 0)
        return 0;
    const std::uintptr_t base = first + page_bytes - padded;
    std::memset(reinterpret_cast<void *>(first), canary, base - first);
    std::memset(reinterpret_cast<void *>(base), poison, size);
    std::memset(reinterpret_cast<void *>(base + size), canary, padded - size);

    Allocation &made = allocations_.emplace_back();
    made.base = base;
    made.size = size;
    made.first_page = first;
    made.page_bytes = page_bytes;
    made.live = true;
    // The page after it, inaccessible, is its own too: an access there is an overrun of this allocation.
    const std::size_t page = (first - reserve_) / page_, pages = page_bytes / page_ + 1;
    std::fill_n(page_owner_ + page, pages, static_cast<std::uint32_t>(allocations_.size()));
    live_[first] = allocations_.size() - 1;
    used_ += size;
    ++live_count_;
    return base;
}

bool DeviceMemory::free(std::uintptr_t address)
{
    Allocation *allocation = find(address);
    if (!allocation || !allocation->live || allocation->base != address)
        return false;
    // Mapping anew gives the memory back and keeps the addresses inaccessible.
    void *pages = reinterpret_cast<void *>(allocation->first_page);
    if (mmap(pages, allocation->page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
             0) == MAP_FAILED)
        return false;
    allocation->live = false;
    allocation->shadow.clear();
    live_.erase(allocation->first_page);
    used_ -= allocation->size;
    --live_count_;
    return true;
}

Allocation *DeviceMemory::find(std::uintptr_t address)
{
    if (!in_reserve(address))
        return nullptr;
    const std::uint32_t owner = page_owner_[(address - reserve_) / page_];
    return owner == 0 ? nullptr : &allocations_[owner - 1];
}

bool DeviceMemory::holds(std::uintptr_t address, std::size_t size)
{
    const Allocation *allocation = find(address);
    return allocation && allocation->live && address >= allocation->base && size <= allocation->size &&
           address - allocation->base <= allocation->size - size;
}

bool DeviceMemory::intact(const Allocation &allocation) const
{
    const std::size_t before = std::min(watched_before, allocation.base - allocation.first_page);
    const std::uintptr_t end = allocation.base + allocation.size;
    return all_canary(allocation.base - before, before) &&
           all_canary(end, allocation.first_page + allocation.page_bytes - end);
}

const Allocation *DeviceMemory::find_overrun() const
{
    for (const auto &[first_page, index] : live_)
        if (!intact(allocations_[index]))
            return &allocations_[index];
    return nullptr;
}

std::string DeviceMemory::describe(std::uintptr_t address)
{
    const Allocation *allocation = find(address);
    char text[160];
    if (!allocation)
        std::snprintf(text, sizeof text, "0x%zx, which is no device memory", address);
    else if (!allocation->live)
        std::snprintf(text, sizeof text, "offset %td of an allocation of %zu bytes that has been freed",
                      static_cast<std::ptrdiff_t>(address - allocation->base), allocation->size);
    else
        std::snprintf(text, sizeof text, "offset %td of an allocation of %zu bytes",
                      static_cast<std::ptrdiff_t>(address - allocation->base), allocation->size);
    return text;
}

void *PinnedMemory::allocate(std::size_t size)
{
    void *memory = nullptr;
    if (posix_memalign(&memory, 4096, std::max<std::size_t>(size, 1)) != 0)
        return nullptr;
    std::memset(memory, poison, size);
    blocks_[reinterpret_cast<std::uintptr_t>(memory)] = size;
    return memory;
}

bool PinnedMemory::free(void *address)
{
    if (blocks_.erase(reinterpret_cast<std::uintptr_t>(address)) == 0)
        return false;
    std::free(address);
    return true;
}

bool PinnedMemory::holds(std::uintptr_t address, std::size_t size) const
{
    auto after = blocks_.upper_bound(address);
    if (after == blocks_.begin())
        return false;
    --after;
    return address - after->first <= after->second && size <= after->second - (address - after->first);
}
} // namespace softcuda
