// An option that takes a number and says what it got when that is none.

using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace InferenceGuard.App.Cli;

/// <summary>An option that takes a number, written the same way in every country.</summary>
/// <typeparam name="T">The type of number.</typeparam>
internal sealed class NumberOption<T> : Option<T>
    where T : INumber<T>
{
    /// <param name="name">The option.</param>
    /// <param name="letter">The letter that stands for its value in help and docs.</param>
    /// <param name="value">The default.</param>
    /// <param name="description">What it sets, and its unit.</param>
    public NumberOption(string name, string letter, T value, string description)
        : base(name)
    {
        HelpName = letter;
        Description = description;
        DefaultValueFactory = _ => value;
        CustomParser = result =>
        {
            var given = result.Tokens[^1].Value;
            if (T.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                return number;
            result.AddError($"{name} is '{given}'; expected a {(T.IsInteger(value) && typeof(T) != typeof(double) ? "whole number" : "number")} in range");
            return value;
        };
    }
}
