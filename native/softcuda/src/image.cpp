// Writes and reads the text that stands for PTX.
#include "image.h"

#include <cstring>

namespace softcuda
{
namespace
{
constexpr char mark[] = "// softcuda module: ";
}

std::string make_image(const std::string &module_path, int architecture)
{
    return mark + module_path + "\n.version 8.4\n.target sm_" + std::to_string(architecture) + "\n.address_size 64\n";
}

std::string module_path(const char *image)
{
    if (std::strncmp(image, mark, sizeof mark - 1) != 0)
        return std::string();
    const char *start = image + sizeof mark - 1;
    return std::string(start, std::strcspn(start, "\n"));
}
} // namespace softcuda
