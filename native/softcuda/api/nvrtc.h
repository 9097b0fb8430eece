// The part of the NVRTC interface that the software device offers, declared from its documented binary interface.
#pragma once

#include "cuda_driver.h"

using nvrtcProgram = struct softcuda_program *;

enum nvrtcResult : int
{
    NVRTC_SUCCESS = 0,
    NVRTC_ERROR_OUT_OF_MEMORY = 1,
    NVRTC_ERROR_PROGRAM_CREATION_FAILURE = 2,
    NVRTC_ERROR_INVALID_INPUT = 3,
    NVRTC_ERROR_INVALID_PROGRAM = 4,
    NVRTC_ERROR_INVALID_OPTION = 5,
    NVRTC_ERROR_COMPILATION = 6,
    NVRTC_ERROR_BUILTIN_OPERATION_FAILURE = 7,
    NVRTC_ERROR_INTERNAL_ERROR = 11
};

SOFTCUDA_API nvrtcResult nvrtcVersion(int *major, int *minor);
SOFTCUDA_API const char *nvrtcGetErrorString(nvrtcResult result);
SOFTCUDA_API nvrtcResult nvrtcCreateProgram(nvrtcProgram *program, const char *source, const char *name,
                                            int header_count, const char *const *headers,
                                            const char *const *include_names);
SOFTCUDA_API nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int option_count, const char *const *options);
SOFTCUDA_API nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, size_t *bytes);
SOFTCUDA_API nvrtcResult nvrtcGetPTX(nvrtcProgram program, char *text);
SOFTCUDA_API nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *bytes);
SOFTCUDA_API nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *image);
SOFTCUDA_API nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, size_t *bytes);
SOFTCUDA_API nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char *log);
SOFTCUDA_API nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program);
