// NVRTC: programs, their options, logs and images.
#include "../api/nvrtc.h"

#include "compile.h"
#include "image.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

struct softcuda_program
{
    softcuda::Source source;
    std::string image, log;
};

namespace
{
constexpr int architectures[] = {50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90}; // of version 12.4

// "compute_80", "sm_90a" -> 80, 90; 0 when there is no such architecture.
int read_architecture(const std::string &text)
{
    const std::size_t digits = text.rfind("compute_", 0) == 0 ? 8 : text.rfind("sm_", 0) == 0 ? 3 : std::string::npos;
    if (digits == std::string::npos)
        return 0;
    char *end = nullptr;
    const long value = std::strtol(text.c_str() + digits, &end, 10);
    if (*end != '\0' && std::strcmp(end, "a") != 0)
        return 0;
    for (const int known : architectures)
        if (known == value)
            return known;
    return 0;
}

// The value of an option in any of its spellings: "-Dx", "-D x", "--name=x", "--name x".
bool take(const std::string &option, const char *name, int &index, int count, const char *const *options,
          std::string &value)
{
    const std::size_t length = std::strlen(name);
    if (option.compare(0, length, name) != 0)
        return false;
    if (option.size() == length)
    {
        value = index + 1 < count ? options[++index] : "";
        return true;
    }
    const bool joined = length == 2;
    if (!joined && option[length] != '=')
        return false;
    value = option.substr(length + (joined ? 0 : 1));
    return true;
}

nvrtcResult read_options(softcuda_program &program, int count, const char *const *options)
{
    program.source.definitions.clear();
    program.source.architecture = 52;
    for (int i = 0; i < count; ++i)
    {
        const std::string option = options[i];
        std::string value;
        if (take(option, "--define-macro", i, count, options, value) || take(option, "-D", i, count, options, value))
        {
            program.source.definitions.push_back(value);
            continue;
        }
        if (!take(option, "--gpu-architecture", i, count, options, value) &&
            !take(option, "-arch", i, count, options, value))
            continue;
        program.source.architecture = read_architecture(value);
        if (program.source.architecture == 0)
        {
            program.log = "nvrtc: error: invalid value for --gpu-architecture (-arch): " + value + "\n";
            return NVRTC_ERROR_INVALID_OPTION;
        }
    }
    return NVRTC_SUCCESS;
}

nvrtcResult size_of(const softcuda_program *program, const std::string softcuda_program::*text, size_t *bytes)
{
    if (!program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    if (!bytes)
        return NVRTC_ERROR_INVALID_INPUT;
    *bytes = (program->*text).size() + 1;
    return NVRTC_SUCCESS;
}

nvrtcResult copy_out(const softcuda_program *program, const std::string softcuda_program::*text, char *to)
{
    if (!program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    if (!to)
        return NVRTC_ERROR_INVALID_INPUT;
    std::memcpy(to, (program->*text).c_str(), (program->*text).size() + 1);
    return NVRTC_SUCCESS;
}
} // namespace

nvrtcResult nvrtcVersion(int *major, int *minor)
{
    if (!major || !minor)
        return NVRTC_ERROR_INVALID_INPUT;
    *major = 12;
    *minor = 4;
    return NVRTC_SUCCESS;
}

const char *nvrtcGetErrorString(nvrtcResult result)
{
    switch (result)
    {
    case NVRTC_SUCCESS:
        return "NVRTC_SUCCESS";
    case NVRTC_ERROR_OUT_OF_MEMORY:
        return "NVRTC_ERROR_OUT_OF_MEMORY";
    case NVRTC_ERROR_PROGRAM_CREATION_FAILURE:
        return "NVRTC_ERROR_PROGRAM_CREATION_FAILURE";
    case NVRTC_ERROR_INVALID_INPUT:
        return "NVRTC_ERROR_INVALID_INPUT";
    case NVRTC_ERROR_INVALID_PROGRAM:
        return "NVRTC_ERROR_INVALID_PROGRAM";
    case NVRTC_ERROR_INVALID_OPTION:
        return "NVRTC_ERROR_INVALID_OPTION";
    case NVRTC_ERROR_COMPILATION:
        return "NVRTC_ERROR_COMPILATION";
    case NVRTC_ERROR_BUILTIN_OPERATION_FAILURE:
        return "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE";
    case NVRTC_ERROR_INTERNAL_ERROR:
        return "NVRTC_ERROR_INTERNAL_ERROR";
    }
    return "NVRTC_ERROR unknown";
}

nvrtcResult nvrtcCreateProgram(nvrtcProgram *program, const char *source, const char *name, int header_count,
                               const char *const *headers, const char *const *include_names)
{
    if (!program || !source || header_count < 0 || (header_count > 0 && (!headers || !include_names)))
        return NVRTC_ERROR_INVALID_INPUT;
    softcuda_program *made = new (std::nothrow) softcuda_program;
    if (!made)
        return NVRTC_ERROR_OUT_OF_MEMORY;
    made->source.text = source;
    made->source.name = name && *name ? name : "default_program";
    made->source.architecture = 52;
    for (int i = 0; i < header_count; ++i)
        made->source.headers.emplace_back(include_names[i], headers[i]);
    *program = made;
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int option_count, const char *const *options)
{
    if (!program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    if (option_count < 0 || (option_count > 0 && !options))
        return NVRTC_ERROR_INVALID_INPUT;
    program->image.clear();
    program->log.clear();
    try
    {
        const nvrtcResult read = read_options(*program, option_count, options);
        if (read != NVRTC_SUCCESS)
            return read;
        softcuda::Compiled compiled = softcuda::compile(program->source);
        program->log = compiled.log;
        if (!compiled.compiler_ran)
            return NVRTC_ERROR_BUILTIN_OPERATION_FAILURE;
        if (compiled.path.empty())
            return NVRTC_ERROR_COMPILATION;
        program->image = softcuda::make_image(compiled.path, program->source.architecture);
        return NVRTC_SUCCESS;
    }
    catch (const std::exception &error)
    {
        program->log += std::string(error.what()) + "\n";
        return NVRTC_ERROR_INTERNAL_ERROR;
    }
}

nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, size_t *bytes)
{
    return size_of(program, &softcuda_program::image, bytes);
}

nvrtcResult nvrtcGetPTX(nvrtcProgram program, char *text) { return copy_out(program, &softcuda_program::image, text); }

nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *bytes)
{
    return size_of(program, &softcuda_program::image, bytes);
}

nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *image)
{
    return copy_out(program, &softcuda_program::image, image);
}

nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, size_t *bytes)
{
    return size_of(program, &softcuda_program::log, bytes);
}

nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char *log)
{
    return copy_out(program, &softcuda_program::log, log);
}

nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program)
{
    if (!program || !*program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    delete *program;
    *program = nullptr;
    return NVRTC_SUCCESS;
}
