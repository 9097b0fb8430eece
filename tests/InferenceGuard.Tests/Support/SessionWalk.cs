// A search as its scorers see it: slots that grow, are copied, and rest.

using System.Text;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Tests.Support;

/// <summary>Grows and copies the slots of a session at random, as a search does.</summary>
internal static class SessionWalk
{
    /// <summary>Walks, and shows every score.</summary>
    /// <param name="session">A new session.</param>
    /// <param name="slots">Its slots.</param>
    /// <param name="words">What slots grow by.</param>
    /// <param name="check">Told every text and its score.</param>
    public static void Run(IScoringSession session, int slots, string[] words, Action<string, double> check)
    {
        const int Blocks = 12, MostTokens = 3;
        var random = new Random(11);
        var (texts, batch) = (new string[slots], new ScoringBatch(slots, MostTokens));
        Array.Fill(texts, "");
        for (var block = 0; block < Blocks; block++)
        {
            batch.Clear();
            var order = Enumerable.Range(0, slots).ToArray();
            random.Shuffle(order);
            var rows = order[..random.Next(1, slots + 1)];
            foreach (var slot in rows)
            {
                batch.Add(slot, ended: false);
                for (var token = random.Next(MostTokens + 1); token > 0; token--)
                {
                    var word = words[random.Next(words.Length)];
                    texts[slot] += word;
                    batch.Append(new TokenId(0), Encoding.UTF8.GetBytes(word), -1);
                }
            }
            var scores = new double[batch.Count];
            session.Extend(batch, scores);
            for (var row = 0; row < batch.Count; row++)
                check(texts[rows[row]], scores[row]);
            var (source, target) = (random.Next(slots), random.Next(slots));
            session.Fork(source, target);
            texts[target] = texts[source];
        }
    }
}
