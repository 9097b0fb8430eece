// Names and guards the folder of compiled modules.
#include "cache.h"

#include "run_program.h"
#include "settings.h"

#include <cstdint>
#include <cstdio>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace softcuda
{
namespace
{
std::uint64_t hash(const std::string &text, std::uint64_t value)
{
    for (const char c : text)
        value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
    return value ^ value >> 32;
}

// -march=native makes code for this processor only.
std::string processor()
{
    std::ifstream file("/proc/cpuinfo");
    std::string result;
    for (std::string line; std::getline(file, line) && !line.empty();)
        if (line.rfind("model name", 0) == 0 || line.rfind("flags", 0) == 0 || line.rfind("Features", 0) == 0)
            result += line;
    return result;
}

// What this library makes of a source may change with it.
std::string own_library()
{
    Dl_info self;
    if (dladdr(reinterpret_cast<void *>(&cache_folder), &self) == 0)
        return std::string();
    std::ifstream file(self.dli_fname, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::string digest(const std::string &text)
{
    char name[40];
    std::snprintf(name, sizeof name, "%016llx%016llx",
                  static_cast<unsigned long long>(hash(text, 0xCBF29CE484222325ull)),
                  static_cast<unsigned long long>(hash(text, 0x9AE16A3B2F90404Full)));
    return name;
}

std::string machine()
{
    static const std::string *const text = [] {
        std::string version;
        run_program({settings().compiler, "-dumpfullversion", "-dumpmachine"}, "", version);
        return new std::string(digest(version + processor() + own_library()));
    }();
    return *text;
}
} // namespace

std::filesystem::path cache_folder()
{
    namespace fs = std::filesystem;
    if (!settings().cache.empty())
    {
        fs::create_directories(settings().cache);
        return fs::absolute(settings().cache);
    }
    const fs::path folder = fs::temp_directory_path() / ("softcuda-" + std::to_string(getuid()));
    mkdir(folder.c_str(), 0700);
    // Code is loaded from here: nobody else may be able to put any in.
    struct stat status;
    if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != getuid() ||
        (status.st_mode & 022) != 0)
        throw std::runtime_error(folder.string() + " is not a folder of this user alone: name another in "
                                                   "INFERENCEGUARD_SOFTCUDA_CACHE");
    return folder;
}

std::string cache_key(const std::string &content) { return digest(content + '\0' + machine()); }
} // namespace softcuda
