// The inferenceguard command.

using InferenceGuard.App.Cli;

return CommandLine.Run(args, Terminal.OfProcess());
