// Which threshold of f¹ cuts how many safe answers: measured on answers the critic has not seen.

using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceGuard.Critic;

/// <summary>
/// Split conformal calibration of a critic. A threshold cuts an answer when f¹ does not exceed it at some block end; the worst f¹ of n
/// held-out safe answers gives, for any α, a threshold that cuts a new safe answer with probability at most α.
/// </summary>
public sealed partial record CriticCalibration
{
    /// <summary>SHA-256 of the critic's file.</summary>
    public required string Critic { get; init; }

    /// <summary>Identity of the base model.</summary>
    public required string ModelFingerprint { get; init; }

    /// <summary>Weight format of the base model.</summary>
    public required string Quantization { get; init; }

    /// <summary>Name of the cost.</summary>
    public required string Cost { get; init; }

    /// <summary>Worst f¹ of every safe answer, ascending; 1 where the critic is never asked.</summary>
    public required float[] Safe { get; init; }

    /// <summary>Worst f¹ of every unsafe answer, ascending.</summary>
    public required float[] Unsafe { get; init; }

    /// <summary>The file of a critic's calibration: beside it.</summary>
    /// <param name="criticPath">The critic's file.</param>
    public static string PathBeside(string criticPath) => Path.ChangeExtension(criticPath, ".calibration.json");

    /// <summary>The largest threshold that cuts a safe answer with probability at most α.</summary>
    /// <param name="alpha">α, in (0, 1).</param>
    /// <exception cref="GuardException">There are too few safe answers for it.</exception>
    public double Threshold(double alpha)
    {
        if (!(alpha is > 0 and < 1))
            throw new GuardException(GuardFault.Usage, $"--alpha is {alpha}; it must lie between 0 and 1, both excluded.");
        // The k-th smallest of −f¹ is the (n + 1 − k)-th smallest f¹.
        var rank = Safe.Length + 1 - (int)Math.Ceiling((Safe.Length + 1) * (1 - alpha));
        if (rank < 1)
            throw new GuardException(GuardFault.Usage, $"--alpha {alpha} needs {Math.Ceiling(1 / alpha - 1e-9) - 1} safe answers, and the calibration has {Safe.Length}; calibrate with more rollouts, or choose a larger one.");
        // An answer is kept where f¹ exceeds the threshold, and one with exactly that worst f¹ must be kept.
        return Math.Max(0, MathF.BitDecrement(Safe[rank - 1]));
    }

    /// <summary>Share of the unsafe answers that a threshold never cuts.</summary>
    /// <param name="threshold">The threshold.</param>
    public double MissRate(double threshold) => Unsafe.Length == 0 ? 0 : Unsafe.Count(worst => worst > threshold) / (double)Unsafe.Length;

    /// <summary>Writes it beside its critic.</summary>
    /// <param name="criticPath">The critic's file.</param>
    /// <exception cref="GuardException">It cannot be written.</exception>
    public void Write(string criticPath)
    {
        var path = PathBeside(criticPath);
        try
        {
            File.WriteAllBytes(path + ".partial", JsonSerializer.SerializeToUtf8Bytes(this, CalibrationJson.Default.CriticCalibration));
            File.Move(path + ".partial", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The calibration '{path}' cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Reads the calibration beside a critic.</summary>
    /// <param name="criticPath">The critic's file.</param>
    /// <param name="critic">The critic.</param>
    /// <returns>The calibration; null if there is none.</returns>
    /// <exception cref="GuardException">It is broken, or belongs to another critic.</exception>
    public static CriticCalibration? ReadBeside(string criticPath, LatentCritic critic)
    {
        ArgumentNullException.ThrowIfNull(critic);
        var path = PathBeside(criticPath);
        if (!File.Exists(path))
            return null;
        try
        {
            var read = JsonSerializer.Deserialize(File.ReadAllBytes(path), CalibrationJson.Default.CriticCalibration);
            if (read is null || !AreAscendingProbabilities(read.Safe) || !AreAscendingProbabilities(read.Unsafe))
                throw new JsonException("its f¹ are no probabilities in ascending order.");
            var binding = critic.Binding;
            return (read.Critic, read.ModelFingerprint, read.Quantization, read.Cost) == (HashOf(criticPath), binding.ModelFingerprint, binding.Quantization, binding.Cost)
                ? read
                : throw new GuardException(GuardFault.Usage, $"The calibration '{path}' belongs to another critic, model or cost than '{criticPath}'; run calibrate again.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new GuardException(GuardFault.Usage, $"The calibration '{path}' cannot be read: {e.Message.TrimEnd('.')}. Run calibrate again.", e);
        }
    }

    /// <summary>Identity of a critic's file.</summary>
    /// <param name="criticPath">The file.</param>
    public static string HashOf(string criticPath) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(criticPath)));

    private static bool AreAscendingProbabilities(float[] values) => Array.TrueForAll(values, static value => value is >= 0 and <= 1) && values.SequenceEqual(values.Order());

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
    [JsonSerializable(typeof(CriticCalibration))]
    private sealed partial class CalibrationJson : JsonSerializerContext;
}
