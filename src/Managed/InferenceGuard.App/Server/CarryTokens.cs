// A safety state on its way to the next turn: in the client's hands, but not in its power.

using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using InferenceGuard.Model;
using InferenceGuard.Safety;

namespace InferenceGuard.App.Server;

/// <summary>
/// Signs safety states, so that the server need not remember conversations. A token is 8 bytes of z and an HMAC-SHA-256 over z, what it is a state of (model and cost), and
/// every turn so far: it is worth nothing in another conversation, on another model, or with another cost.
/// </summary>
/// <param name="secret">The server's secret.</param>
/// <param name="subject">Model and cost.</param>
internal sealed class CarryTokens(byte[] secret, string subject)
{
    private const int StateSizeBytes = sizeof(double);

    /// <summary>A token for the state after a conversation's last answer.</summary>
    /// <param name="state">z after it.</param>
    /// <param name="conversation">Every turn, the answer last.</param>
    public string Sign(SafetyState state, IEnumerable<ChatMessage> conversation)
    {
        var token = new byte[StateSizeBytes + HMACSHA256.HashSizeInBytes];
        BinaryPrimitives.WriteDoubleLittleEndian(token, state.Value);
        Mac(token.AsSpan(0, StateSizeBytes), conversation).CopyTo(token, StateSizeBytes);
        return Base64Url.EncodeToString(token);
    }

    /// <summary>The state that a token stands for.</summary>
    /// <param name="token">What the client sent.</param>
    /// <param name="conversation">Every turn; the token is of the part up to the last answer.</param>
    /// <exception cref="ApiException">It is forged, damaged, or of another conversation.</exception>
    public SafetyState Read(string token, IReadOnlyList<ChatMessage> conversation)
    {
        var bytes = new byte[StateSizeBytes + HMACSHA256.HashSizeInBytes];
        var last = conversation.Count;
        while (last > 0 && conversation[last - 1].Role != "assistant")
            last--;
        return Base64Url.DecodeFromChars(token, bytes, out _, out var length) == OperationStatus.Done && length == bytes.Length
            && CryptographicOperations.FixedTimeEquals(bytes.AsSpan(StateSizeBytes), Mac(bytes.AsSpan(0, StateSizeBytes), conversation.Take(last)))
            ? new(BinaryPrimitives.ReadDoubleLittleEndian(bytes))
            : throw ApiException.BadRequest("safety.carry is not a state that this server gave for these messages; send what the last answer of this conversation returned, with all its turns unchanged.", "safety.carry");
    }

    private byte[] Mac(ReadOnlySpan<byte> state, IEnumerable<ChatMessage> conversation)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        mac.AppendData(state);
        Add(subject);
        foreach (var message in conversation)
        {
            Add(message.Role);
            Add(message.Content);
        }
        return mac.GetHashAndReset();

        // With its length before it, so that no text can pass for two.
        void Add(string text)
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
            mac.AppendData(length);
            mac.AppendData(utf8);
        }
    }
}
