// Where compiled modules are kept from one process to the next.
#pragma once

#include <filesystem>
#include <string>

namespace softcuda
{
// Exists, and belongs to this user alone when it is the default one. Throws std::runtime_error otherwise.
std::filesystem::path cache_folder();
// A file name for everything that the module depends on: `content`, the processor, the compiler and this library.
std::string cache_key(const std::string &content);
} // namespace softcuda
