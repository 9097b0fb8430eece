// Device memory: every allocation ends at an inaccessible page, starts as poison and is never handed out twice.
#pragma once

#include "shadow.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace softcuda
{
constexpr unsigned char poison = 0xFF; // NaN as float, half and double; -1 as an integer
constexpr unsigned char canary = 0xC5; // fills the bytes next to an allocation that no inaccessible page covers

struct Allocation
{
    std::uintptr_t base;
    std::size_t size;
    std::uintptr_t first_page;
    std::size_t page_bytes;
    bool live;
    Shadow shadow;
};

class DeviceMemory
{
  public:
    explicit DeviceMemory(std::uint64_t capacity);
    DeviceMemory(const DeviceMemory &) = delete;
    DeviceMemory &operator=(const DeviceMemory &) = delete;
    ~DeviceMemory();

    std::uint64_t capacity() const { return capacity_; }
    std::uint64_t used() const { return used_; }
    std::size_t live_count() const { return live_count_; }

    // 0: not enough memory left.
    std::uintptr_t allocate(std::size_t size);
    // False: the address is not the start of a live allocation.
    bool free(std::uintptr_t address);
    // The newest allocation, live or freed, that owns the page of the address; null elsewhere.
    Allocation *find(std::uintptr_t address);
    // Whether [address, address + size) lies in one live allocation.
    bool holds(std::uintptr_t address, std::size_t size);
    bool in_reserve(std::uintptr_t address) const { return address - reserve_ < reserve_size_; }
    // The first live allocation whose neighbouring bytes were overwritten; null when there is none.
    const Allocation *find_overrun() const;
    // What lies at or near an address, for a report.
    std::string describe(std::uintptr_t address);

  private:
    std::uintptr_t place(std::size_t bytes);
    bool intact(const Allocation &allocation) const;

    std::uint64_t capacity_, used_ = 0;
    std::size_t page_, live_count_ = 0;
    std::uintptr_t reserve_ = 0, cursor_ = 0;
    std::size_t reserve_size_ = 0;
    std::uint32_t *page_owner_ = nullptr; // per page of the reserve: 1 + index into allocations_
    std::deque<Allocation> allocations_;
    std::map<std::uintptr_t, std::size_t> live_; // first page -> index
};

// Page-locked host memory, which kernels and deferred copies may use where it lies.
class PinnedMemory
{
  public:
    void *allocate(std::size_t size);
    bool free(void *address);
    bool holds(std::uintptr_t address, std::size_t size) const;
    std::size_t count() const { return blocks_.size(); }
    // At the end of a context. The host may still hold pointers, so the memory itself stays.
    void forget() { blocks_.clear(); }

  private:
    std::map<std::uintptr_t, std::size_t> blocks_;
};
} // namespace softcuda
