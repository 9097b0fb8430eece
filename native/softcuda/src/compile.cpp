// Preprocesses, translates and compiles a source in a folder of its own; the result moves into the cache.
#include "compile.h"

#include "cache.h"
#include "device_header.h"
#include "module.h"
#include "run_program.h"
#include "settings.h"
#include "translate.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace softcuda
{
namespace
{
namespace fs = std::filesystem;

// Line numbers are in DWARF 4: of version 5, binutils 2.40 takes the wrong file name.
constexpr char common_flags[] = "-std=c++17 -march=native -fPIC -fno-exceptions -fno-rtti -fno-strict-aliasing "
                                "-fno-math-errno -fno-trapping-math -fvisibility=hidden -nostdinc -nostdinc++ "
                                "-fno-diagnostics-color -w -g1 -gdwarf-4";
// Never -O3: the loop vectoriser of g++ 12 then reads past the end of arrays, which the device reports as a fault.
constexpr char plain_flags[] = "-O2";
// -O1 keeps accesses as they are written; the hooks are the library's own, so no sanitizer runtime is linked.
constexpr char checked_flags[] = "-O1 -fsanitize=thread --param tsan-distinguish-volatile=1 "
                                 "--param tsan-instrument-func-entry-exit=0";
constexpr char link_flags[] = "-shared -nodefaultlibs -lm -lc -lgcc";

const char *mode_flags() { return settings().checked ? checked_flags : plain_flags; }

void append(std::vector<std::string> &list, const std::string &words)
{
    std::istringstream stream(words);
    list.insert(list.end(), std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>());
}

void write_file(const fs::path &path, const std::string &text)
{
    fs::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.flush())
        throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const fs::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// A folder that is gone when the compilation is.
class WorkFolder
{
  public:
    explicit WorkFolder(const fs::path &parent)
    {
        std::string name = (parent / "work-XXXXXX").string();
        if (!mkdtemp(name.data()))
            throw std::runtime_error("cannot make a folder in " + parent.string());
        path = name;
    }
    ~WorkFolder()
    {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    WorkFolder(const WorkFolder &) = delete;
    WorkFolder &operator=(const WorkFolder &) = delete;

    fs::path path;
};

std::string too_much_shared(const std::string &module_file)
{
    std::string reason;
    const std::shared_ptr<Module> module = Module::load(module_file, reason);
    if (!module)
        return "error: " + reason + "\n";
    for (const Kernel &kernel : module->kernels())
        if (kernel.static_shared > static_shared_limit)
            return std::string("error: kernel '") + kernel.entry->name + "' uses " +
                   std::to_string(kernel.static_shared) + " bytes of static shared memory; the limit is " +
                   std::to_string(static_shared_limit) + "\n";
    return std::string();
}

// A file name as it stands between the quotes of a line marker.
std::string quoted(const std::string &name)
{
    std::string result = "\"";
    for (const char c : name)
        result += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    return result + "\"";
}

void build(const Source &source, const fs::path &folder, const std::string &target, Compiled &result)
{
    for (const auto &[name, text] : source.headers)
    {
        if (name.find("..") != std::string::npos || fs::path(name).is_absolute())
            throw std::runtime_error("header name '" + name + "' leaves the folder of the program");
        write_file(folder / name, text);
    }
    // The prefix of work files keeps them apart from the program's own headers.
    write_file(folder / "softcuda-source.cpp", "#line 1 " + quoted(source.name) + "\n" + source.text + "\n");
    std::vector<std::string> command = {settings().compiler,
                                        "-E",
                                        "-I.",
                                        "-DSOFTCUDA=1",
                                        "-D__CUDACC__=1",
                                        "-D__CUDACC_RTC__=1",
                                        "-DINFINITY=__builtin_inff()",
                                        "-DNAN=__builtin_nanf(\"\")",
                                        "-D__CUDA_ARCH__=" + std::to_string(source.architecture) + "0"};
    append(command, common_flags);
    for (const std::string &definition : source.definitions)
        command.push_back("-D" + definition);
    append(command, "softcuda-source.cpp -o softcuda-preprocessed.cpp");
    int status = run_program(command, folder.string(), result.log);
    result.compiler_ran = status >= 0 && status != 127;
    if (status != 0)
        return;

    Translation translation;
    try
    {
        translation = translate(read_file(folder / "softcuda-preprocessed.cpp"));
    }
    catch (const std::runtime_error &error)
    {
        result.log += std::string(error.what()) + "\n";
        return;
    }
    // Everything in an unnamed namespace: templates too then keep their shared variables to themselves.
    write_file(folder / "softcuda-device.h", device_header);
    write_file(folder / "softcuda-translated.cpp", "#include \"softcuda-device.h\"\nnamespace {\n# 1 " +
                                                       quoted(source.name) + "\n" + translation.text + "\n}\n" +
                                                       module_description(translation, settings().checked));
    command = {settings().compiler};
    append(command, common_flags);
    append(command, mode_flags());
    command.push_back("-D__CUDA_ARCH__=" + std::to_string(source.architecture) + "0");
    append(command, "softcuda-translated.cpp -o softcuda-module.so");
    append(command, link_flags);
    status = run_program(command, folder.string(), result.log);
    if (status != 0 || !fs::exists(folder / "softcuda-module.so"))
        return;
    const std::string complaint = too_much_shared((folder / "softcuda-module.so").string());
    result.log += complaint;
    if (!complaint.empty())
        return;
    fs::rename(folder / "softcuda-module.so", target);
    result.path = target;
}
} // namespace

Compiled compile(const Source &source)
{
    std::string key = source.text;
    for (const std::string &part :
         {source.name, device_header, settings().compiler, std::string(common_flags), std::string(mode_flags()),
          std::string(link_flags), std::to_string(source.architecture)})
        key += '\0' + part;
    for (const auto &[name, text] : source.headers)
        key += '\0' + name + '\0' + text;
    for (const std::string &definition : source.definitions)
        key += '\0' + definition;
    Compiled result;
    const fs::path folder = cache_folder();
    const std::string target = (folder / (cache_key(key) + ".so")).string();
    if (fs::exists(target))
    {
        result.compiler_ran = true;
        result.path = target;
        return result;
    }
    const WorkFolder work(folder);
    build(source, work.path, target, result);
    if (!result.compiler_ran)
        result.log += "cannot run the compiler '" + settings().compiler +
                      "': install it or name another in INFERENCEGUARD_SOFTCUDA_CXX\n";
    return result;
}
} // namespace softcuda
