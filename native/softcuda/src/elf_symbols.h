// The data symbols of a compiled module, from its file: the exact place and size of each shared variable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace softcuda
{
struct ElfSymbol
{
    std::string name;
    std::uint64_t offset; // from where the file is loaded
    std::uint64_t size;
};

// Local and global data objects; empty when the file is no ELF file of this machine's word size.
std::vector<ElfSymbol> read_elf_symbols(const std::string &path);
} // namespace softcuda
