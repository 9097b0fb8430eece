// Reads the environment variables of the software device.
#include "settings.h"

#include <cstdlib>
#include <string>

namespace softcuda
{
namespace
{
std::string text(const char *name, const char *fallback)
{
    const char *value = std::getenv((std::string("INFERENCEGUARD_SOFTCUDA_") + name).c_str());
    return value && *value ? value : fallback;
}

std::uint64_t number(const char *name, std::uint64_t fallback)
{
    const std::string value = text(name, "");
    return value.empty() ? fallback : std::strtoull(value.c_str(), nullptr, 0);
}

Settings read()
{
    Settings result;
    result.seed = number("SEED", 0);
    result.checked = number("CHECKED", 0) != 0;
    result.report_leaks = number("LEAKS", 0) != 0;
    result.memory_size = number("MEMORY_MIB", 4096) << 20;
    result.compiler = text("CXX", "g++");
    result.cache = text("CACHE", "");
    return result;
}
} // namespace

const Settings &settings()
{
    static const Settings *const values = new Settings(read());
    return *values;
}
} // namespace softcuda
