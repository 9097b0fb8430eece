// Runs both forms of a planted fault in processes of their own.
#include "planted_fault.h"

namespace test
{
namespace
{
// What the process of one fault says: the error code and its text.
std::string outcome(const PlantedFault &fault, bool fixed)
{
    std::vector<std::string> environment;
    if (*fault.mode)
        environment.push_back(fault.mode);
    return in_child(environment, [&] {
        Card card;
        const CUfunction kernel = card.function(
            fault.source, "broken", fixed ? std::vector<std::string>{"-DFIXED"} : std::vector<std::string>());
        const CUdeviceptr out = card.allocate(fault.out_count * 4);
        const CUdeviceptr in = card.upload(std::vector<float>(fault.in_count, 1.0f));
        CUresult result = card.launch(kernel, fault.grid, fault.block, fault.shared_bytes, nullptr, out, in,
                                      static_cast<int>(fault.in_count));
        if (result == CUDA_SUCCESS)
            result = cuCtxSynchronize();
        CUdeviceptr more;
        const CUresult later = cuMemAlloc_v2(&more, 16); // a failed context stays failed
        std::printf("code %d then %d: %s\n", result, later, error_text(result).c_str());
    });
}

} // namespace

void expect_caught(const PlantedFault &fault, const char *file, int line)
{
    const std::string broken = outcome(fault, false), fixed = outcome(fault, true);
    const std::string code = "code " + std::to_string(fault.code) + " then " + std::to_string(fault.code) + ":";
    bool right = broken.find(code) != std::string::npos;
    for (const char *phrase : fault.report)
        // On stderr and in the error's text.
        right = right && broken.find(phrase) != broken.rfind(phrase);
    if (!right)
        failed(file, line, "the fault gave: " + broken);
    if (fixed.find("code 0 then 0:") == std::string::npos)
        failed(file, line, "its corrected twin gave: " + fixed);
}
} // namespace test
