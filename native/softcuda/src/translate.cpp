// Finds kernels and shared variables in preprocessed CUDA C++ and rewrites dynamic shared arrays.
#include "translate.h"

#include "tokens.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace softcuda
{
namespace
{
struct Edit
{
    std::size_t begin, end;
    std::string text;
};

class Translator
{
  public:
    explicit Translator(const std::string &text) : text_(text), tokens_(cut_tokens(text)) {}

    Translation run()
    {
        for (std::size_t i = 0; i < tokens_.size(); ++i)
        {
            const std::string &token = tokens_[i].text;
            if (token == "{")
                scopes_.push_back(statement_has("extern") && statement_has("\"\"") ? scope_c
                                  : statement_has("namespace")                     ? scope_namespace
                                                                                   : scope_other);
            else if (token == "}" && !scopes_.empty())
                scopes_.pop_back();
            if (token == "{" || token == "}" || token == ";")
            {
                statement_ = i + 1;
                continue;
            }
            current_ = i;
            if (token == "__global__")
                kernel();
            else if (token == "__shared__")
                shared(i);
        }
        apply_edits();
        return std::move(result_);
    }

  private:
    enum Scope
    {
        scope_c,
        scope_namespace,
        scope_other
    };

    const std::string &at(std::size_t i) const
    {
        static const std::string none;
        return i < tokens_.size() ? tokens_[i].text : none;
    }

    // Whether the statement before the current token holds a word.
    bool statement_has(const char *word) const
    {
        for (std::size_t i = statement_; i <= current_ && i < tokens_.size(); ++i)
            if (tokens_[i].text == word)
                return true;
        return false;
    }

    // From an opening bracket to behind its closing one.
    std::size_t skip_brackets(std::size_t i) const
    {
        int depth = 0;
        do
        {
            if (at(i) == "(" || at(i) == "[" || at(i) == "{")
                ++depth;
            if (at(i) == ")" || at(i) == "]" || at(i) == "}")
                --depth;
            ++i;
        } while (depth > 0 && i < tokens_.size());
        return i;
    }

    void kernel()
    {
        std::string bounds = "0";
        bool is_c = statement_has("extern") && statement_has("\"\"");
        for (const Scope scope : scopes_)
            is_c = is_c || scope == scope_c;
        const bool is_template = statement_has("template");
        // Bounds may stand before the word too.
        for (std::size_t i = statement_; i < tokens_.size() && at(i) != ";" && at(i) != "{"; ++i)
        {
            if (at(i + 1) != "(" || !tokens_[i].is_name)
                continue;
            if (at(i) == "__launch_bounds__")
            {
                std::size_t end = i + 2;
                while (end < tokens_.size() && at(end) != "," && at(end) != ")")
                    end = at(end) == "(" ? skip_brackets(end) : end + 1;
                bounds = "(" + text_.substr(tokens_[i + 2].begin, tokens_[end].begin - tokens_[i + 2].begin) + ")";
                i = skip_brackets(i + 1) - 1;
                continue;
            }
            if (at(i) == "__attribute__" || at(i) == "__align__" || at(i) == "alignas")
            {
                i = skip_brackets(i + 1) - 1;
                continue;
            }
            const auto known = std::find(result_.kernels.begin(), result_.kernels.end(), at(i));
            if (known != result_.kernels.end())
            {
                // A declaration came first; bounds may stand at either.
                std::string &stored = result_.thread_bounds[static_cast<std::size_t>(known - result_.kernels.begin())];
                stored = stored == "0" ? bounds : stored;
            }
            else if (is_c && !is_template)
            {
                result_.kernels.push_back(at(i));
                result_.thread_bounds.push_back(bounds);
            }
            return;
        }
    }

    void shared(std::size_t i)
    {
        // The declaration around the word: its name is the one before "[", "=", ";" or ",".
        std::size_t end = i;
        while (end < tokens_.size() && at(end) != ";")
            end = at(end) == "(" || at(end) == "[" || at(end) == "{" ? skip_brackets(end) : end + 1;
        std::vector<std::string> names;
        for (std::size_t k = i + 1; k < end; ++k)
        {
            if (at(k) == "(" || at(k) == "[" || at(k) == "{")
            {
                k = skip_brackets(k) - 1;
                continue;
            }
            const std::string &next = at(k + 1);
            if (tokens_[k].is_name && (next == "[" || next == ";" || next == ","))
                names.push_back(at(k));
        }
        if (!statement_has("extern"))
        {
            result_.shared_names.insert(result_.shared_names.end(), names.begin(), names.end());
            move_to_front(i);
            return;
        }
        if (names.size() != 1 || end >= tokens_.size())
            throw std::runtime_error(place(i) + ": error: one array per extern __shared__ declaration");
        dynamic_shared(names.front(), end);
    }

    // The word stands for a declaration of its own and the start of the next, so it must come first:
    // static volatile __shared__ T x;  ->  __shared__ volatile T x;
    void move_to_front(std::size_t shared)
    {
        if (shared == statement_)
            return;
        edits_.push_back({tokens_[statement_].begin, tokens_[statement_].begin, "__shared__ "});
        for (std::size_t k = statement_; k <= shared; ++k)
            if (k == shared || at(k) == "static")
                edits_.push_back({tokens_[k].begin, tokens_[k].end, ""});
    }

    // extern __shared__ T name[];  ->  T *const name = (T *)softcuda_now.dynamic_shared;
    void dynamic_shared(const std::string &name, std::size_t end)
    {
        std::string type;
        std::size_t k = statement_;
        for (; k < end && !(at(k) == name && at(k + 1) == "["); ++k)
        {
            if ((at(k) == "__align__" || at(k) == "alignas" || at(k) == "__attribute__") && at(k + 1) == "(")
                k = skip_brackets(k + 1) - 1;
            else if (at(k) != "extern" && at(k) != "__shared__")
                type += at(k) + (at(k) == ":" ? "" : " ");
        }
        const std::size_t after = skip_brackets(k + 1);
        const bool local = std::any_of(scopes_.begin(), scopes_.end(), [](Scope s) { return s == scope_other; });
        if (after < end)
            throw std::runtime_error(place(k) + ": error: an extern __shared__ array has one dimension");
        const std::string value = "((" + type + "*)softcuda_now.dynamic_shared)";
        const std::size_t first = tokens_[statement_].begin, last = tokens_[end].end;
        // Line breaks inside the declaration are kept, so that later lines keep their numbers.
        const std::string old = text_.substr(first, last - first);
        const std::string breaks(static_cast<std::size_t>(std::count(old.begin(), old.end(), '\n')), '\n');
        if (local)
            edits_.push_back({first, last, type + "*const " + name + " = " + value + ";" + breaks});
        else // outside functions the address is not known yet: a reference that is evaluated at each use
            edits_.push_back(
                {first, last, breaks + "\n#define " + name + " " + value + "\n# " + next_line(end) + "\n"});
    }

    // "line "file"" of a token, by the last line marker before it.
    std::string next_line(std::size_t token) const
    {
        std::string file;
        const int line = line_of(token, file);
        return std::to_string(line) + " \"" + file + "\"";
    }
    std::string place(std::size_t token) const
    {
        std::string file;
        const int line = line_of(token, file);
        return file + ":" + std::to_string(line);
    }

    int line_of(std::size_t token, std::string &file) const
    {
        const std::size_t end = tokens_[token].begin;
        int line = 1;
        for (std::size_t start = 0; start < end;)
        {
            std::size_t stop = text_.find('\n', start);
            stop = stop == std::string::npos ? text_.size() : stop;
            int number = 0, length = 0;
            if (std::sscanf(text_.c_str() + start, "# %d \"%n", &number, &length) == 1 && length > 0)
            {
                const std::size_t name = start + static_cast<std::size_t>(length);
                file = text_.substr(name, text_.find('"', name) - name);
                line = number;
            }
            else if (stop < end)
                ++line;
            start = stop + 1;
        }
        return line;
    }

    void apply_edits()
    {
        std::size_t from = 0;
        for (const Edit &edit : edits_)
        {
            result_.text += text_.substr(from, edit.begin - from) + edit.text;
            from = edit.end;
        }
        result_.text += text_.substr(from);
    }

    const std::string &text_;
    const std::vector<Token> tokens_;
    std::vector<Scope> scopes_;
    std::size_t statement_ = 0, current_ = 0; // first token of the statement, and the token looked at
    std::vector<Edit> edits_;
    Translation result_;
};
} // namespace

Translation translate(const std::string &preprocessed) { return Translator(preprocessed).run(); }

std::string module_description(const Translation &translation, bool checked)
{
    std::string text = "\n# 1 \"module description\"\nnamespace { constexpr softcuda_kernel softcuda_kernels[] = {\n";
    for (std::size_t i = 0; i < translation.kernels.size(); ++i)
        text += "SOFTCUDA_KERNEL(" + translation.kernels[i] + ", " + translation.thread_bounds[i] + "),\n";
    // A last, empty entry: an array needs one.
    text += "{} }; }\nextern \"C\" {\n"
            "extern __attribute__((visibility(\"default\"))) const softcuda_module_table softcuda_module;\n"
            "const softcuda_module_table softcuda_module = {softcuda_abi, ";
    text += checked ? "1" : "0";
    text += ", softcuda_kernels, " + std::to_string(translation.kernels.size()) + ", \"";
    for (const std::string &name : translation.shared_names)
        text += name + " ";
    return text + "\"}; }\n";
}
} // namespace softcuda
