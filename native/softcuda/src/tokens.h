// Cuts preprocessed C++ into tokens, with their place in the text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace softcuda
{
struct Token
{
    std::size_t begin, end; // in the text
    std::string text;       // a string or character literal keeps only its quotes
    bool is_name;
};

std::vector<Token> cut_tokens(const std::string &text);
} // namespace softcuda
