// The header that every kernel is compiled behind: the parts in device/, joined at build time.
#pragma once

#include <string>

namespace softcuda
{
extern const std::string device_header;
}
