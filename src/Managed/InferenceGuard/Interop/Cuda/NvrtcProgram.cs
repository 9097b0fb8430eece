// Compiles a kernel's source with NVRTC.

using System.Globalization;
using System.Text;

namespace InferenceGuard.Interop.Cuda;

/// <summary>Compiles a kernel's source with NVRTC.</summary>
internal static unsafe class NvrtcProgram
{
    private const int InvalidOption = 5;

    // What PTX can be made for, the newest first; each NVRTC knows some of them.
    private static readonly int[] s_known = [121, 120, 110, 103, 101, 100, 90, 89, 87, 86, 80, 75, 72, 70, 62, 61, 60, 53, 52, 50];

    /// <summary>Compiles for a card: machine code where NVRTC knows the card, else the newest PTX before it, which the driver finishes.</summary>
    /// <param name="cuda">What calls NVRTC.</param>
    /// <param name="file">The source's name, for the log.</param>
    /// <param name="source">CUDA C++ without includes.</param>
    /// <param name="options">Options, but for the architecture.</param>
    /// <param name="capability">Compute capability of the card.</param>
    /// <exception cref="GuardException">It does not compile; with the log and the lines that it names.</exception>
    public static byte[] Compile(CudaBinding cuda, string file, string source, string[] options, int capability)
    {
        var (status, image, log) = Try(cuda, file, source, options, "sm", capability);
        foreach (var known in s_known.Where(known => known <= capability).TakeWhile(_ => status == InvalidOption))
            (status, image, log) = Try(cuda, file, source, options, "compute", known);
        return status == 0 ? image : throw new GuardException(
            GuardFault.Environment, $"NVRTC cannot compile {file} for compute capability {capability} ({string.Join(' ', options)}):\n{CompilerLog.WithSource(log, file, source)}");
    }

    // NVRTC compiles a program once, so every attempt has its own.
    private static (int Status, byte[] Image, string Log) Try(CudaBinding cuda, string file, string source, string[] options, string kind, int capability)
    {
        cuda.CheckCompiler(cuda.CreateProgram(out var program, source, file));
        try
        {
            var status = Compile(cuda, program, [string.Create(CultureInfo.InvariantCulture, $"--gpu-architecture={kind}_{capability}"), .. options]);
            return (status, status == 0 ? kind == "sm" ? Cubin(cuda, program) : Ptx(cuda, program) : [], Log(cuda, program));
        }
        finally
        {
            _ = cuda.DestroyProgram(ref program);
        }
    }

    private static int Compile(CudaBinding cuda, nint program, string[] options)
    {
        Span<nint> pointers = stackalloc nint[options.Length];
        fixed (byte* text = Encoding.UTF8.GetBytes(string.Join('\0', options) + '\0'))
        {
            var at = text;
            for (var option = 0; option < options.Length; option++)
            {
                pointers[option] = (nint)at;
                at += Encoding.UTF8.GetByteCount(options[option]) + 1;
            }
            return cuda.CompileProgram(program, pointers);
        }
    }

    private static string Log(CudaBinding cuda, nint program)
    {
        cuda.CheckCompiler(cuda.GetLogSize(program, out var size));
        var log = new byte[size + 1];
        cuda.CheckCompiler(cuda.GetLog(program, log));
        return Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
    }

    private static byte[] Cubin(CudaBinding cuda, nint program)
    {
        cuda.CheckCompiler(cuda.GetCubinSize(program, out var size));
        var image = new byte[size];
        cuda.CheckCompiler(cuda.GetCubin(program, image));
        return image;
    }

    private static byte[] Ptx(CudaBinding cuda, nint program)
    {
        cuda.CheckCompiler(cuda.GetPtxSize(program, out var size));
        var image = new byte[size];
        cuda.CheckCompiler(cuda.GetPtx(program, image));
        return image;
    }
}
