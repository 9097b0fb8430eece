// Runs the benchmarks: `micro` (BenchmarkDotNet), `loop` (guarded loop against bare decoding), `critic` (against ONNX Runtime), `hearth` (the method table).

using InferenceGuard.Benchmarks;

return args switch
{
    ["micro", .. var rest] => MicroBenchmarks.Run(rest),
    ["loop", .. var rest] => LoopBenchmark.Run(rest),
    ["critic", .. var rest] => CriticBenchmark.Run(rest),
    ["hearth", .. var rest] => HearthTable.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project benchmarks -- COMMAND
          micro [BenchmarkDotNet options]     sampling, scoring, selection and one block: time and managed memory
          loop [--rounds R] [--model F.gguf]  tokens/s of the guarded loop ÷ bare llama_decode, and shares of its stages
          critic [--rounds R]                 the critic's network on two CPU threads against ONNX Runtime
          hearth [--limit P] [--seeds S]      base and guarded answers to Hearth's test prompts, both models
        """);
    return 2;
}
