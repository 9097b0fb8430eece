// The text that stands for PTX: it names the compiled module, because no length comes with an image.
#pragma once

#include <string>

namespace softcuda
{
std::string make_image(const std::string &module_path, int architecture);
// Empty when the image is something else.
std::string module_path(const char *image);
} // namespace softcuda
