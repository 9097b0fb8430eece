// Loads compiled modules and finds the shared variables of their kernels.
#include "module.h"

#include "device_memory.h"
#include "elf_symbols.h"
#include "run_program.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <link.h>
#include <sstream>

namespace softcuda
{
namespace
{
// "tile" in "_ZZ6kernelE4tile": a local variable of a function, perhaps with a discriminator behind it.
bool is_local(const std::string &symbol, const std::string &name)
{
    const std::string end = "E" + std::to_string(name.size()) + name;
    const std::size_t at = symbol.rfind(end);
    if (symbol.compare(0, 3, "_ZZ") != 0 || at == std::string::npos)
        return false;
    const char after = at + end.size() == symbol.size() ? '_' : symbol[at + end.size()];
    return after == '_' || after == '.';
}

// "ticket" of "(anonymous namespace)::ticket".
std::string plain_name(const std::string &symbol)
{
    int status = 0;
    char *demangled = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
    std::string name = demangled ? demangled : symbol;
    std::free(demangled);
    return name.substr(name.rfind(':') + 1);
}

// The bytes from the lowest to the highest loaded address of an object.
int find_image(dl_phdr_info *info, std::size_t, void *data)
{
    auto *range = static_cast<std::pair<std::uintptr_t, std::size_t> *>(data);
    if (info->dlpi_addr != range->first)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; ++i)
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            range->second =
                std::max<std::size_t>(range->second, info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz);
    return 1;
}
} // namespace

void publish_device_symbols()
{
    static const bool done = [] {
        Dl_info self;
        return dladdr(reinterpret_cast<void *>(&publish_device_symbols), &self) != 0 &&
               dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL) != nullptr;
    }();
    static_cast<void>(done);
}

std::shared_ptr<Module> Module::load(const std::string &path, std::string &reason)
{
    publish_device_symbols();
    std::shared_ptr<Module> module(new Module);
    module->path_ = path;
    module->handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module->handle_)
    {
        const char *error = dlerror();
        reason = error ? error : "the compiled module cannot be loaded";
        return nullptr;
    }
    module->table_ = static_cast<const softcuda_module_table *>(dlsym(module->handle_, "softcuda_module"));
    if (!module->table_ || module->table_->abi != softcuda_abi)
    {
        reason = path + " is no module of this software device";
        return nullptr;
    }
    link_map *map = nullptr;
    dlinfo(module->handle_, RTLD_DI_LINKMAP, &map);
    std::pair<std::uintptr_t, std::size_t> range(map->l_addr, 0);
    dl_iterate_phdr(find_image, &range);
    module->image_ = range.first;
    module->image_size_ = range.second;
    module->find_variables();
    module->find_kernels();
    return module;
}

Module::~Module()
{
    if (handle_)
        dlclose(handle_);
}

void Module::find_variables()
{
    std::vector<std::string> names;
    std::istringstream list(table_->shared_names);
    for (std::string name; list >> name;)
        names.push_back(name);
    std::vector<ElfSymbol> symbols = read_elf_symbols(path_);
    std::sort(symbols.begin(), symbols.end(), [](const auto &a, const auto &b) { return a.offset < b.offset; });
    for (const ElfSymbol &symbol : symbols)
    {
        if (symbol.name.find("softcuda_gap_") != std::string::npos)
        {
            gaps_.push_back({image_ + symbol.offset, symbol.size});
            continue;
        }
        const auto name = std::find_if(names.begin(), names.end(),
                                       [&](const std::string &each) { return is_local(symbol.name, each); });
        if (name != names.end())
            add_variable(shared_, symbol, *name);
        else if (symbol.name.find("softcuda") == std::string::npos)
            add_variable(globals_, symbol, plain_name(symbol.name));
    }
}

void Module::add_variable(std::deque<Variable> &variables, const ElfSymbol &symbol, const std::string &name)
{
    Variable &variable = variables.emplace_back();
    variable.name = name;
    variable.address = image_ + symbol.offset;
    variable.size = symbol.size;
    for (unsigned k = 0; k < table_->kernel_count; ++k)
    {
        const std::string kernel = table_->kernels[k].name;
        if (symbol.name.rfind("_ZZ" + std::to_string(kernel.size()) + kernel + "E", 0) == 0)
            variable.kernel = kernel;
    }
}

void Module::find_kernels()
{
    for (unsigned k = 0; k < table_->kernel_count; ++k)
    {
        Kernel &kernel = kernels_.emplace_back();
        kernel.entry = &table_->kernels[k];
        kernel.static_shared = 0;
        for (const Variable &variable : shared_)
        {
            if (variable.kernel == kernel.entry->name)
                kernel.static_shared += variable.size;
            if (variable.kernel.empty() || variable.kernel == kernel.entry->name)
                kernel.shared.push_back(&variable);
        }
        kernel.dynamic_limit = static_shared_limit - std::min(static_shared_limit, kernel.static_shared);
    }
}

Kernel *Module::find(const std::string &name)
{
    for (Kernel &kernel : kernels_)
        if (name == kernel.entry->name)
            return &kernel;
    return nullptr;
}

Variable *Module::find_in(std::deque<Variable> &variables, std::uintptr_t address)
{
    for (Variable &variable : variables)
        if (address - variable.address < variable.size)
            return &variable;
    return nullptr;
}

bool Module::in_gap(std::uintptr_t address) const
{
    return std::any_of(gaps_.begin(), gaps_.end(), [=](const Gap &gap) { return address - gap.address < gap.size; });
}

std::string Module::neighbour(std::uintptr_t address) const
{
    const Variable *before = nullptr;
    for (const Variable &variable : shared_)
        if (variable.address <= address)
            before = &variable;
    return before ? ": '" + before->name + "'" : std::string();
}

void Module::fill_gaps()
{
    for (const Gap &gap : gaps_)
        std::memset(reinterpret_cast<void *>(gap.address), canary, gap.size);
}

bool Module::gaps_intact(std::string &overrun) const
{
    for (const Gap &gap : gaps_)
    {
        const unsigned char *bytes = reinterpret_cast<const unsigned char *>(gap.address);
        if (std::all_of(bytes, bytes + gap.size, [](unsigned char byte) { return byte == canary; }))
            continue;
        overrun = "a write next to a shared variable" + neighbour(gap.address);
        return false;
    }
    return true;
}

std::string Module::source_place(const void *code) const
{
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(code);
    if (!contains(address))
        return std::string();
    char offset[32];
    std::snprintf(offset, sizeof offset, "0x%zx", address - image_);
    std::string output;
    if (run_program({"addr2line", "-e", path_, offset}, "", output) == 0)
    {
        std::string line = output.substr(0, output.find_first_of(" \n"));
        if (line.rfind("??", 0) != 0 && line.find(":?") == std::string::npos)
            return " at " + line.substr(line.rfind('/') + 1);
    }
    return std::string(" at code offset ") + offset;
}
} // namespace softcuda
