// A loaded module: its kernels and its shared variables.
#pragma once

#include "../device/softcuda_abi.h"
#include "elf_symbols.h"
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

struct Variable
{
    std::string name, kernel; // kernel: whose shared variable it is; empty for device functions and global variables
    std::uintptr_t address;
    std::size_t size;
    Shadow shadow;
};

struct Kernel
{
    const softcuda_kernel *entry;
    std::size_t static_shared;            // bytes of its own variables
    std::size_t dynamic_limit;            // bytes that a launch may ask for
    std::vector<const Variable *> shared; // all that a launch may touch
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
    // The variable at an address: shared, or global to the module; null elsewhere.
    Variable *find_shared(std::uintptr_t address) { return find_in(shared_, address); }
    Variable *find_global(std::uintptr_t address) { return find_in(globals_, address); }
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
    static Variable *find_in(std::deque<Variable> &variables, std::uintptr_t address);
    void find_variables();
    void add_variable(std::deque<Variable> &variables, const ElfSymbol &symbol, const std::string &name);
    void find_kernels();

    std::string path_;
    void *handle_ = nullptr;
    const softcuda_module_table *table_ = nullptr;
    std::uintptr_t image_ = 0;
    std::size_t image_size_ = 0;
    std::deque<Kernel> kernels_;
    std::deque<Variable> shared_, globals_; // by address
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
