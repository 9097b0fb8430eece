// Every knob of every method.

namespace InferenceGuard.Methods;

/// <summary>Every knob of every method; each method reads those that concern it.</summary>
public sealed record MethodOptions
{
    /// <summary>Sampling, budget and search.</summary>
    public GuardOptions Guard { get; init; } = new();

    /// <summary>N of best-of-n: whole answers, 1 to 100000.</summary>
    public int Samples { get; init; } = 100;

    /// <summary>Tokens that ARGS chooses among, at least 1.</summary>
    public int ArgsTopK { get; init; } = 20;

    /// <summary>ω of ARGS: logits per reward unit, ≥ 0.</summary>
    public double ArgsWeight { get; init; } = 2.5;

    /// <summary>Gradient steps of RE-Control per token, ≥ 0.</summary>
    public int ControlSteps { get; init; } = 30;

    /// <summary>η of RE-Control, ≥ 0.</summary>
    public double ControlStepSize { get; init; } = 0.5;

    /// <summary>Checks every value against its range.</summary>
    /// <returns>This, for chaining.</returns>
    /// <exception cref="GuardException">The first value that is out of range.</exception>
    public MethodOptions Validate()
    {
        Guard.Validate();
        Require(Samples is >= 1 and <= 100_000, $"--samples is {Samples}; it must lie between 1 and 100000");
        Require(ArgsTopK >= 1, $"--args-top-k is {ArgsTopK}; it must be 1 or more");
        Require(double.IsFinite(ArgsWeight) && ArgsWeight >= 0, $"--args-weight is {ArgsWeight}; it must be a finite number, 0 or more");
        Require(ControlSteps >= 0, $"--control-steps is {ControlSteps}; it must be 0 or more");
        Require(double.IsFinite(ControlStepSize) && ControlStepSize >= 0, $"--control-step-size is {ControlStepSize}; it must be a finite number, 0 or more");
        return this;

        static void Require(bool holds, string complaint)
        {
            if (!holds)
                throw new GuardException(GuardFault.Usage, complaint + ".");
        }
    }
}
