// Cuts preprocessed C++ into names, literals and single characters; line markers are skipped.
#include "tokens.h"

#include <cctype>

namespace softcuda
{
namespace
{
bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }

// From an opening quote to behind the closing one.
std::size_t skip_literal(const std::string &text, std::size_t at)
{
    const char quote = text[at++];
    while (at < text.size() && text[at] != quote && text[at] != '\n')
        at += text[at] == '\\' ? 2 : 1;
    return at < text.size() ? at + 1 : text.size();
}

std::size_t skip_raw_literal(const std::string &text, std::size_t quote)
{
    const std::size_t open = text.find('(', quote);
    if (open == std::string::npos)
        return text.size();
    const std::string close = ")" + text.substr(quote + 1, open - quote - 1) + "\"";
    const std::size_t end = text.find(close, open);
    return end == std::string::npos ? text.size() : end + close.size();
}
} // namespace

std::vector<Token> cut_tokens(const std::string &text)
{
    std::vector<Token> tokens;
    bool line_start = true;
    for (std::size_t at = 0; at < text.size();)
    {
        const char c = text[at];
        const std::size_t begin = at;
        if (c == '#' && line_start)
        {
            while (at < text.size() && text[at] != '\n')
                ++at;
            continue;
        }
        if (std::isspace(static_cast<unsigned char>(c)))
        {
            line_start = c == '\n' || line_start;
            ++at;
            continue;
        }
        line_start = false;
        if (is_name_character(c))
        {
            const bool is_name = !std::isdigit(static_cast<unsigned char>(c));
            // A number may hold points and quotes as digit separators: 1.5e3f, 1'000.
            while (at < text.size() &&
                   (is_name_character(text[at]) || (!is_name && (text[at] == '.' || text[at] == '\''))))
                ++at;
            if (at < text.size() && text[at] == '"' && text[at - 1] == 'R' && at - begin <= 3)
            {
                at = skip_raw_literal(text, at);
                tokens.push_back({begin, at, "\"\"", false});
                continue;
            }
            tokens.push_back({begin, at, text.substr(begin, at - begin), is_name});
            continue;
        }
        if (c == '"' || c == '\'')
        {
            at = skip_literal(text, at);
            tokens.push_back({begin, at, std::string(2, c), false});
            continue;
        }
        ++at;
        tokens.push_back({begin, at, std::string(1, c), false});
    }
    return tokens;
}
} // namespace softcuda
