// Reads the symbol table of an ELF file.
#include "elf_symbols.h"

#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <link.h>

namespace softcuda
{
std::vector<ElfSymbol> read_elf_symbols(const std::string &path)
{
    std::vector<ElfSymbol> result;
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto read = [&](std::uint64_t offset, auto &value) {
        if (offset > bytes.size() || bytes.size() - offset < sizeof value)
            return false;
        std::memcpy(&value, bytes.data() + offset, sizeof value);
        return true;
    };
    ElfW(Ehdr) header;
    if (!read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return result;
    for (unsigned s = 0; s < header.e_shnum; ++s)
    {
        ElfW(Shdr) table, strings;
        if (!read(header.e_shoff + s * sizeof table, table) || table.sh_type != SHT_SYMTAB)
            continue;
        if (!read(header.e_shoff + table.sh_link * sizeof strings, strings))
            continue;
        for (std::uint64_t at = 0; at + sizeof(ElfW(Sym)) <= table.sh_size; at += sizeof(ElfW(Sym)))
        {
            ElfW(Sym) symbol;
            if (!read(table.sh_offset + at, symbol) || (symbol.st_info & 0xF) != STT_OBJECT || symbol.st_size == 0)
                continue;
            const std::uint64_t name = strings.sh_offset + symbol.st_name;
            if (name < bytes.size())
                result.push_back({bytes.data() + name, symbol.st_value, symbol.st_size});
        }
    }
    return result;
}
} // namespace softcuda
