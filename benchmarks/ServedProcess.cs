// The server in a process of its own, as a user starts it, so that its memory and its crashes are its own.

using System.Diagnostics;
using System.Globalization;

namespace InferenceGuard.Benchmarks;

/// <summary>A running <c>inferenceguard serve</c> on a free port.</summary>
internal sealed class ServedProcess : IDisposable
{
    private readonly Process _process;

    private ServedProcess(Process process, Uri address) => (_process, Http) = (process, new() { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) });

    /// <summary>A client of it.</summary>
    public HttpClient Http { get; }

    /// <summary>Whether it still runs.</summary>
    public bool IsAlive => !_process.HasExited;

    /// <summary>Its resident memory, in MiB.</summary>
    public double ResidentMiB
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1048576.0;
        }
    }

    /// <summary>Processor time it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts a server, and waits until it listens.</summary>
    /// <param name="args">Further options of <c>serve</c>.</param>
    public static ServedProcess Start(params string[] args)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var command = Path.Combine(HearthFiles.Repository, "src", "Managed", "InferenceGuard.App", "bin", configuration, "net10.0", "InferenceGuard.App.dll");
        var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", command, "serve", "--port", "0", "--device", "cpu", .. args])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.ErrorDataReceived += static (_, line) =>
        {
            if (line.Data?.StartsWith("failed", StringComparison.Ordinal) == true || line.Data?.StartsWith("error", StringComparison.Ordinal) == true)
                Console.Error.WriteLine(line.Data);
        };
        process.BeginErrorReadLine();
        // NAME at http://127.0.0.1:PORT/v1 · …
        var line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server did not start.");
        return new(process, new(line.Split(" at ")[1].Split("/v1")[0]));
    }

    /// <summary>A value of its metrics, summed over labels that begin alike.</summary>
    /// <param name="name">The metric, with the beginning of its labels.</param>
    public async Task<double> Metric(string name)
    {
        var text = await Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal)).Sum(static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        Http.Dispose();
        if (IsAlive)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
