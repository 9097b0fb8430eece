// A kernel with a planted fault and its corrected twin: the one must be caught, the other must pass.
#pragma once

#include "test_support.h"

namespace test
{
struct PlantedFault
{
    const char *source; // a kernel `broken(float* out, const float* in, int n)`, correct when FIXED is defined
    const char *mode;   // "" or "CHECKED"
    unsigned grid, block;
    size_t out_count, in_count; // floats
    int code;
    std::vector<const char *> report; // what stderr and the error's text must both say
    unsigned shared_bytes = 0;
};

void expect_caught(const PlantedFault &fault, const char *file, int line);
} // namespace test

#define EXPECT_FAULT(...) test::expect_caught(test::PlantedFault __VA_ARGS__, __FILE__, __LINE__)
