// Runs the benchmarks, each by its name; without one it says which there are.

using InferenceGuard.Benchmarks;

return args switch
{
    ["micro", .. var rest] => MicroBenchmarks.Run(rest),
    ["loop", .. var rest] => LoopBenchmark.Run(rest),
    ["critic", .. var rest] => CriticBenchmark.Run(rest),
    ["scoring", .. var rest] => ScoringBenchmark.Run(rest),
    ["kernels", .. var rest] => KernelBenchmark.Run(rest),
    ["server", .. var rest] => ServerBenchmark.Run(rest),
    ["recount", .. var rest] => HearthRecount.Run(rest),
    ["classifier", .. var rest] => HearthClassifier.Run(rest),
    ["ceiling", .. var rest] => CriticCeiling.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project benchmarks -- COMMAND
          micro [BenchmarkDotNet options]     sampling, scoring, selection and one block: time and managed memory
          loop [--rounds R] [--model F.gguf]  tokens/s of the guarded loop ÷ bare llama_decode, and shares of its stages
          critic [--rounds R]                 the critic's network on two CPU threads against ONNX Runtime
          scoring [--trunk F.gguf] [--rounds R] [--threads T]
                                              growing answers scored by a GGUF head: block by block against whole texts
          kernels [--device I] [--rounds R] [--shapes full|small] [--json FILE] [--against FILE]
                                              the CUDA kernels on GPU I beside their floors; with a file of gpu_check_torch.py, beside PyTorch
          server [--answers A] [--rounds R] [--parallel P --caches C]
                                              answers/s and times of a server with 1, 4 and 16 clients, beside the bare search
          server load [--seconds S] [--clients C] [--parallel P] [--caches C]
                                              clients that leave, read slowly or send nonsense: crashes, leaks, memory, text over the budget
          recount --records DIR               an evaluation on Hearth's test prompts: violations recounted, and tokens where hazards are delayed
          classifier --data FILE [--test FILE] [--out DIR]
                                              makes models/hearth/onnx from labelled answers that collect --labelled wrote
          ceiling --model base|aligned --rollouts DIR [--answers A] [--endings E] [--share S]
                                              how well a critic tells safe from unsafe answers by their first part, and how well anybody could
        """);
    return 2;
}
