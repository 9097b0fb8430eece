// Driver API: modules and functions. An image is what this device's own NVRTC returned: a text that names a file.
#include "device.h"
#include "image.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace softcuda;

namespace
{
void write_log(const std::string &text, unsigned count, const CUjit_option *options, void **values)
{
    char *log = nullptr;
    size_t size = 0;
    void **size_value = nullptr;
    for (unsigned i = 0; options && values && i < count; ++i)
        if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
            log = static_cast<char *>(values[i]);
        else if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
        {
            // A 32-bit number in the place of a pointer.
            size = reinterpret_cast<uintptr_t>(values[i]) & 0xFFFFFFFFu;
            size_value = &values[i];
        }
    if (!log || size == 0)
        return;
    std::snprintf(log, size, "%s", text.c_str());
    *size_value = reinterpret_cast<void *>(std::min(size, text.size() + 1));
}
} // namespace

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, CUjit_option *options, void **values)
{
    return entry(Needs::context, [&](Device &device) {
        if (!module || !image)
            return CUDA_ERROR_INVALID_VALUE;
        const CUresult refused = device.streams.refuse_during_capture(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        if (refused != CUDA_SUCCESS)
            return refused;
        std::string reason = "no image of the software device: compile the source with its own NVRTC";
        const std::string path = module_path(static_cast<const char *>(image));
        const std::shared_ptr<Module> loaded = path.empty() ? nullptr : Module::load(path, reason);
        write_log(loaded ? std::string() : reason, count, options, values);
        if (!loaded)
        {
            std::fprintf(stderr, "softcuda: cuModuleLoadData: %s\n", reason.c_str());
            return CUDA_ERROR_INVALID_IMAGE;
        }
        *module = reinterpret_cast<CUmodule>(loaded.get());
        device.modules[*module] = loaded;
        return CUDA_SUCCESS;
    });
}

CUresult cuModuleLoadData(CUmodule *module, const void *image)
{
    return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

CUresult cuModuleUnload(CUmodule module)
{
    return entry(Needs::context, [&](Device &device) {
        if (device.modules.count(module) == 0)
            return CUDA_ERROR_INVALID_HANDLE;
        const CUresult finished = device.finish_all();
        for (auto function = device.functions.begin(); function != device.functions.end();)
            if (reinterpret_cast<CUmodule>(function->second.first.get()) == module)
                function = device.functions.erase(function);
            else
                ++function;
        device.modules.erase(module);
        return finished;
    });
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name)
{
    return entry(Needs::context, [&](Device &device) {
        if (!function || !name || !*name)
            return CUDA_ERROR_INVALID_VALUE;
        const auto found = device.modules.find(module);
        if (found == device.modules.end())
            return CUDA_ERROR_INVALID_HANDLE;
        Kernel *kernel = found->second->find(name);
        if (!kernel)
            return CUDA_ERROR_NOT_FOUND;
        *function = reinterpret_cast<CUfunction>(kernel);
        device.functions[*function] = {found->second, kernel};
        return CUDA_SUCCESS;
    });
}

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction function)
{
    return entry(Needs::context, [&](Device &device) {
        if (!value)
            return CUDA_ERROR_INVALID_VALUE;
        const auto found = device.functions.find(function);
        if (found == device.functions.end())
            return CUDA_ERROR_INVALID_HANDLE;
        const Kernel &kernel = *found->second.second;
        switch (attribute)
        {
        case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
            *value = kernel.entry->max_threads != 0 ? static_cast<int>(kernel.entry->max_threads) : 1024;
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
            *value = static_cast<int>(kernel.static_shared);
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
        case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
        case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
            *value = 0;
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_NUM_REGS:
            *value = 32;
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_PTX_VERSION:
        case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
            *value = 80;
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
            *value = static_cast<int>(kernel.dynamic_limit);
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
            *value = -1;
            return CUDA_SUCCESS;
        }
        return CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value)
{
    return entry(Needs::context, [&](Device &device) {
        const auto found = device.functions.find(function);
        if (found == device.functions.end())
            return CUDA_ERROR_INVALID_HANDLE;
        Kernel &kernel = *found->second.second;
        if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT)
            return value >= -1 && value <= 100 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
        if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0 ||
            static_cast<size_t>(value) + kernel.static_shared > opt_in_shared_limit)
            return CUDA_ERROR_INVALID_VALUE;
        kernel.dynamic_limit = static_cast<size_t>(value);
        return CUDA_SUCCESS;
    });
}
