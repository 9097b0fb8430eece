// The run-time compiler: options, headers, logs with the right lines, and sources of every shape that kernels have.
#include "test_support.h"

#include <cstring>

using test::Card;

namespace
{
struct Outcome
{
    nvrtcResult result;
    std::string log, image;
};

Outcome compile(const std::string &source, const std::vector<const char *> &options,
                const std::vector<const char *> &header_names = {}, const std::vector<const char *> &headers = {})
{
    Outcome outcome;
    nvrtcProgram program;
    CHECK_OK(nvrtcCreateProgram(&program, source.c_str(), "critic.cu", static_cast<int>(headers.size()), headers.data(),
                                header_names.data()));
    outcome.result = nvrtcCompileProgram(program, static_cast<int>(options.size()), options.data());
    const auto read = [&](auto size_of, auto get) {
        size_t size = 0;
        CHECK_OK(size_of(program, &size));
        std::string text(size, '?');
        CHECK_OK(get(program, text.data()));
        CHECK(text.back() == '\0');
        text.pop_back();
        return text;
    };
    outcome.log = read(nvrtcGetProgramLogSize, nvrtcGetProgramLog);
    outcome.image = read(nvrtcGetPTXSize, nvrtcGetPTX);
    CHECK(outcome.image == read(nvrtcGetCUBINSize, nvrtcGetCUBIN));
    CHECK_OK(nvrtcDestroyProgram(&program));
    CHECK(program == nullptr);
    return outcome;
}

bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }
} // namespace

// First, while this process has read no settings.
TEST(Compiler_NotThere_IsSaidInTheLog)
{
    const std::string said = test::in_child({"CXX=no-such-compiler"}, [] {
        const Outcome outcome = compile("extern \"C\" __global__ void k() {}", {});
        std::printf("%d %s", outcome.result, outcome.log.c_str());
    });
    CHECK(said.rfind("7 ", 0) == 0 && has(said, "'no-such-compiler'") && has(said, "INFERENCEGUARD_SOFTCUDA_CXX"));
}

TEST(Version_OfTheCompiler_Is12Point4)
{
    int major, minor;
    CHECK_OK(nvrtcVersion(&major, &minor));
    CHECK(major == 12 && minor == 4);
    CHECK(std::strcmp(nvrtcGetErrorString(NVRTC_ERROR_COMPILATION), "NVRTC_ERROR_COMPILATION") == 0);
}

TEST(Errors_InSourceAndHeader_NameFileAndLine)
{
    const Outcome source = compile("\n/* two\nlines */\n__shared__x\nextern \"C\" __global__ void k(float* a)\n"
                                   "{\n    a[0] = missing;\n}\n",
                                   {});
    CHECK_CODE(source.result, NVRTC_ERROR_COMPILATION);
    CHECK(has(source.log, "critic.cu:5:") || has(source.log, "critic.cu:4:"));
    const Outcome body =
        compile("extern \"C\" __global__ void k(float* a)\n{\n    extern __shared__\n        float d[];"
                "\n    d[0] = a[0];\n    a[0] = missing;\n}\n",
                {});
    CHECK(has(body.log, "critic.cu:6:") && has(body.log, "'missing'"));
    const Outcome header =
        compile("#include \"parts/tile.cuh\"\nextern \"C\" __global__ void k(float* a) { a[0] = 1; }\n", {},
                {"parts/tile.cuh"}, {"\n__device__ int f() { return nothing; }\n"});
    CHECK(has(header.log, "parts/tile.cuh:2:"));
    const Outcome directive = compile("#ifndef TILE\n#error \"define TILE\"\n#endif\n", {});
    CHECK(has(directive.log, "critic.cu:2:") && has(directive.log, "define TILE"));
    const Outcome system_header = compile("#include <stdio.h>\n", {});
    CHECK_CODE(system_header.result, NVRTC_ERROR_COMPILATION);
    CHECK(header.image.empty());
}

TEST(Options_ForDefinitionsAndArchitecture_ReachTheSource)
{
    const std::string source =
        "static_assert(ONE == 1 && TWO == 2 && THREE == 3 && FOUR, \"definitions\");\n"
        "#if __CUDA_ARCH__ != 860 || !defined(SOFTCUDA) || !defined(__CUDACC_RTC__)\n#error arch\n"
        "#endif\n";
    const Outcome good = compile(source, {"-DONE=1", "--define-macro=TWO=2", "-D", "THREE=3", "--define-macro", "FOUR",
                                          "--gpu-architecture=sm_86", "--use_fast_math", "-lineinfo", "--std=c++17"});
    CHECK_OK(good.result);
    CHECK(good.log.empty());
    CHECK(!good.log.empty() || has(good.image, ".target sm_86"));
    if (!good.log.empty())
        std::printf("%s\n", good.log.c_str());
    for (const char *option :
         {"--gpu-architecture=compute_49", "-arch=sm_35", "--gpu-architecture=compute_200", "-arch=x"})
    {
        const Outcome bad = compile("", {option});
        CHECK_CODE(bad.result, NVRTC_ERROR_INVALID_OPTION);
        CHECK(has(bad.log, "--gpu-architecture"));
    }
}

TEST(StaticShared_AboveTheLimit_IsAnError)
{
    const char *source = R"(
extern "C" __global__ void k(float* out)
{
    __shared__ float tile[COUNT];
    tile[threadIdx.x] = out[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = tile[COUNT - 1 - threadIdx.x];
}
)";
    CHECK_OK(compile(source, {"-DCOUNT=12288"}).result);
    const Outcome large = compile(source, {"-DCOUNT=12289"});
    CHECK_CODE(large.result, NVRTC_ERROR_COMPILATION);
    CHECK(has(large.log, "kernel 'k' uses 49156 bytes of static shared memory; the limit is 49152"));
}

// Comments, strings, macros, conditionals, extern "C" blocks, declarations, templates: only real kernels are found.
TEST(Sources_OfUnusualShape_GiveTheirKernels)
{
    Card card;
    const CUmodule module = card.compile(R"(
// extern "C" __global__ void commented(float* a) { }
/* extern "C" __global__ void also() { extern __shared__ int x[]; } */
#define KERNEL(name) extern "C" __global__ void name
#if 0
extern "C" __global__ void excluded() { }
#endif
constexpr int threads = 96;
__constant__ float table[3] = {1.0f, 2.0f, 3.0f};
struct Shape { int rows, columns; };
extern "C" __global__ void declared(float* out);
KERNEL(by_macro)(float* out, Shape shape, const float* __restrict__ unused)
{
    const char* text = "__global__ void in_text() { // \" }";
    extern __shared__ alignas(16) unsigned char bytes[];
    float* values = (float*)bytes;
    values[threadIdx.x] = table[2] + shape.rows * shape.columns + (text[0] == '_') + (unused != nullptr);
    __syncthreads();
    out[threadIdx.x] = values[blockDim.x - 1 - threadIdx.x];
}
extern "C" {
__launch_bounds__(threads * 2, 4) __global__ void in_block(float* out) { out[threadIdx.x] = 5.0f; }
__global__ void __launch_bounds__(threads) declared(float* out)
{
    static volatile __shared__ float a;
    alignas(32) __shared__ struct { float x, y; } pair;
    __shared__ float b[2];
    pair.x = pair.y = 0.0f;
    if (threadIdx.x == 0)
        a = 1.0f, b[0] = 2.0f, b[1] = 3.0f;
    __syncthreads();
    out[threadIdx.x] = a + b[0] + b[1] + pair.x;
}
}
__global__ void mangled(float* out) { out[0] = 1.0f; }
template <int N> __global__ void of_template(float* out) { out[0] = N; }
extern __shared__ float everywhere[];
extern "C" __global__ void uses_global_array(float* out) { everywhere[0] = 8.0f; out[threadIdx.x] = everywhere[0]; }
)");
    const CUdeviceptr out = card.allocate(32 * 4);
    CUfunction function;
    for (const char *name : {"commented", "also", "excluded", "in_text", "mangled", "of_template"})
        CHECK_CODE(cuModuleGetFunction(&function, module, name), CUDA_ERROR_NOT_FOUND);
    struct
    {
        int rows, columns;
    } shape = {3, 4};
    CHECK_OK(cuModuleGetFunction(&function, module, "by_macro"));
    CHECK_OK(card.launch(function, 1, 32, 128, nullptr, out, shape, CUdeviceptr{0}));
    CHECK(card.download<float>(out, 32)[31] == 16.0f);
    int bound;
    CHECK_OK(cuModuleGetFunction(&function, module, "in_block"));
    CHECK_OK(cuFuncGetAttribute(&bound, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function));
    CHECK(bound == 192);
    CHECK_OK(cuModuleGetFunction(&function, module, "declared"));
    CHECK_OK(cuFuncGetAttribute(&bound, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function));
    CHECK(bound == 96);
    CHECK_OK(cuFuncGetAttribute(&bound, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function));
    CHECK(bound == 20);
    CHECK_OK(card.launch(function, 1, 32, 0, nullptr, out));
    CHECK(card.download<float>(out, 32)[31] == 6.0f);
    CHECK_OK(cuModuleGetFunction(&function, module, "uses_global_array"));
    CHECK_OK(card.launch(function, 1, 1, 4, nullptr, out));
    CHECK(card.download<float>(out, 1)[0] == 8.0f);
}
