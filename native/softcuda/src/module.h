// A loaded module: its kernels and its shared variables.
#pragma once

#include "../device/softcuda_abi.h"
#include "shadow.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace softcuda
{
constexpr std::size_t static_shared_limit = 48 * 1024;
constexpr std::size_t opt_in_shared_limit = 99 * 1024;

struct SharedVariable
{
    std::string name, kernel; // kernel: empty for a variable of a device function
    std::uintptr_t address;
    std::size_t size;
    Shadow shadow;
};

struct Kernel
{
    const softcuda_kernel *entry;
    std::size_t static_shared;                  // bytes of its own variables
    std::size_t dynamic_limit;                  // bytes that a launch may ask for
    std::vector<const SharedVariable *> shared; // all that a launch may touch
};

class Module
{
  public:
    // Null, with the reason, when the file cannot be used.
    static std::shared_ptr<Module> load(const std::string &path, std::string &reason);
    Module(const Module &) = delete;
    Module &operator=(const Module &) = delete;
    ~Module();

    Kernel *find(const std::string &name);
    const std::deque<Kernel> &kernels() const { return kernels_; }
    bool checked() const { return table_->checked != 0; }
    SharedVariable *find_shared(std::uintptr_t address);
    // Whether the address lies between shared variables, and then ": 'name'" of the variable before it.
    bool in_gap(std::uintptr_t address) const;
    std::string neighbour(std::uintptr_t address) const;
    // Whether the address lies in the module's code or data.
    bool contains(std::uintptr_t address) const { return address - image_ < image_size_; }
    // Fills the gaps around shared variables; intact_gaps() says whether they are still so.
    void fill_gaps();
    bool gaps_intact(std::string &overrun) const;
    std::uintptr_t offset(const void *code) const { return reinterpret_cast<std::uintptr_t>(code) - image_; }
    const void *code(std::uintptr_t offset) const { return reinterpret_cast<const void *>(image_ + offset); }
    // " at file:line" of a code address, or where in the module it lies.
    std::string source_place(const void *code) const;

  private:
    Module() = default;
    void find_variables();

    std::string path_;
    void *handle_ = nullptr;
    const softcuda_module_table *table_ = nullptr;
    std::uintptr_t image_ = 0;
    std::size_t image_size_ = 0;
    std::deque<Kernel> kernels_;
    std::deque<SharedVariable> shared_; // by address
    struct Gap
    {
        std::uintptr_t address;
        std::size_t size;
    };
    std::vector<Gap> gaps_;
};

// Makes the device's symbols visible to modules: the library itself may have been loaded privately.
void publish_device_symbols();
} // namespace softcuda
