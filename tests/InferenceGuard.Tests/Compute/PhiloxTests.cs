// The generator against the known answers published with it.

using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Compute;

internal sealed class PhiloxTests
{
    [TestCase(0ul, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(0xfffffffffffffffful, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(0x299f31d0a4093822ul, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Block_PublishedVectors_GiveTheKnownAnswers(
        ulong seed, uint x, uint y, uint z, uint w, uint a, uint b, uint c, uint d) =>
        Assert.That(Philox.Block(seed, (x, y, z, w)), Is.EqualTo((a, b, c, d)));

    [Test]
    public void Uniform_ManyCounters_IsBelowOneAndEvenlySpread()
    {
        const int Draws = 100_000, Bins = 20;
        var counts = new int[Bins];
        for (var draw = 0u; draw < Draws; draw++)
        {
            var uniform = Philox.Uniform(7, (draw % 32, draw / 32, 0, 0));
            Assert.That(uniform, Is.InRange(0f, 0.99999999f));
            counts[(int)(uniform * Bins)]++;
        }
        // Chi-square with 19 degrees of freedom: 43.8 is its 99.9 % point.
        var expected = Draws / (double)Bins;
        Assert.That(counts.Sum(count => (count - expected) * (count - expected) / expected), Is.LessThan(43.8));
    }
}
