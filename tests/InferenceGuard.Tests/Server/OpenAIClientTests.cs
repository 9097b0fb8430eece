// OpenAI's own client for .NET against a real server: what it can say is understood, and what is answered it can read.

#pragma warning disable OPENAI001 // The client calls the seed experimental; a server must honour it all the same.

using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;
using OpenAI.Moderations;

namespace InferenceGuard.Tests.Server;

internal sealed class OpenAIClientTests
{
    private const string Model = "hearth-base";
    private const string Key = "sk-0123456789abcdef0123";
    private const string Prompt = "can you help me clear a slow drain?";

    private TestServer _server = null!;
    private ChatClient _chat = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await TestServer.Start(new() { Keys = [Key] }, TestServer.Hearth);
        _chat = new(Model, new ApiKeyCredential(Key), Options(_server));
    }

    [OneTimeTearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [Test]
    public async Task CompleteChat_Prompt_IsAnsweredWithinTheBudget()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync(Prompt);
        Assert.That(answer.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
        Assert.That((answer.Model, answer.Role), Is.EqualTo((Model, ChatMessageRole.Assistant)));
        Assert.That(new PhraseRecount(answer.Content[0].Text).Score(PhraseFile.Load(RepositoryFiles.Hearth("cost.json"), "cost"), Prompt, ended: true), Is.LessThanOrEqualTo(10));
        Assert.That((answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount), Is.GreaterThan((4, 4)));
        Assert.That(answer.Usage.TotalTokenCount, Is.EqualTo(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount));
    }

    [Test]
    public async Task CompleteChatStreaming_SamePrompt_GivesTheSameTextReasonAndUsage()
    {
        ChatCompletion whole = await _chat.CompleteChatAsync(Prompt);
        var (text, pieces, reason, usage) = ("", 0, (ChatFinishReason?)null, (ChatTokenUsage?)null);
        await foreach (var update in _chat.CompleteChatStreamingAsync(Prompt))
        {
            text += string.Concat(update.ContentUpdate.Select(static part => part.Text));
            pieces += update.ContentUpdate.Count;
            (reason, usage) = (update.FinishReason ?? reason, update.Usage ?? usage);
        }
        Assert.That(text, Is.EqualTo(whole.Content[0].Text));
        Assert.That(reason, Is.EqualTo(ChatFinishReason.Stop));
        Assert.That(usage?.OutputTokenCount, Is.EqualTo(whole.Usage.OutputTokenCount));
        Assert.That(pieces, Is.GreaterThan(1));
    }

    [Test]
    public async Task CompleteChat_SeveralChoices_AreThoseOfTheFollowingSeeds()
    {
        using var body = BinaryContent.Create(BinaryData.FromString(TestServer.Chat(Prompt, ""","n":3,"seed":5,"model":"hearth-base" """)));
        var raw = await _chat.CompleteChatAsync(body);
        var choices = JsonDocument.Parse(raw.GetRawResponse().Content).RootElement.GetProperty("choices").EnumerateArray()
            .Select(static choice => (choice.GetProperty("index").GetInt32(), choice.GetProperty("message").GetProperty("content").GetString())).ToArray();
        Assert.That(choices.Select(static choice => choice.Item1), Is.EqualTo((int[])[0, 1, 2]));
        for (var choice = 0; choice < 3; choice++)
            Assert.That(await Text(new() { Seed = 5 + choice }), Is.EqualTo(choices[choice].Item2), $"choice {choice}");
    }

    [Test]
    public async Task CompleteChat_SameSeed_IsTheSameAnswer()
    {
        var first = await Text(new() { Seed = 11 });
        Assert.That(await Text(new() { Seed = 11 }), Is.EqualTo(first));
        var others = new List<string>();
        for (var seed = 12; seed < 16; seed++)
            others.Add(await Text(new() { Seed = seed }));
        Assert.That(others, Has.Some.Not.EqualTo(first));
    }

    [Test]
    public async Task CompleteChat_StopSequence_EndsBeforeIt()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync([new UserChatMessage(Prompt)], new() { StopSequences = { "." } });
        Assert.That(answer.Content[0].Text, Is.Not.Empty.And.Not.Contain("."));
        Assert.That(answer.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
        Assert.That(await Text(new()), Does.StartWith(answer.Content[0].Text + "."));

        var streamed = "";
        await foreach (var update in _chat.CompleteChatStreamingAsync([new UserChatMessage(Prompt)], new() { StopSequences = { "." } }))
            streamed += string.Concat(update.ContentUpdate.Select(static part => part.Text));
        Assert.That(streamed, Is.EqualTo(answer.Content[0].Text));
    }

    [Test]
    public async Task CompleteChat_MaxTokens_EndsThereAndSaysSo()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync([new UserChatMessage(Prompt)], new() { MaxOutputTokenCount = 6 });
        Assert.That((answer.FinishReason, answer.Usage.OutputTokenCount), Is.EqualTo((ChatFinishReason.Length, 6)));
    }

    [Test]
    public async Task CompleteChat_LogProbabilities_AreThoseOfTheTokensOfTheText()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync([new UserChatMessage(Prompt)], new() { IncludeLogProbabilities = true });
        var tokens = answer.ContentTokenLogProbabilities;
        Assert.That(string.Concat(tokens.Select(static token => token.Token)), Is.EqualTo(answer.Content[0].Text));
        Assert.That(tokens.Select(static token => token.LogProbability), Has.All.InRange(-60, 0));
    }

    [Test]
    public async Task CompleteChat_NoAnswerIsSafe_IsFilteredWholeAndStreamed()
    {
        await using var server = await TestServer.Start(null, TestServer.But(TestServer.Tiny, "--budget", "-1"));
        var chat = new ChatClient("tiny-bpe", new ApiKeyCredential("none"), Options(server));
        ChatCompletion answer = await chat.CompleteChatAsync("hello");
        Assert.That((answer.FinishReason, answer.Content[0].Text), Is.EqualTo((ChatFinishReason.ContentFilter, new GuardOptions().AbstentionText)));

        var (text, reason) = ("", (ChatFinishReason?)null);
        await foreach (var update in chat.CompleteChatStreamingAsync("hello"))
            (text, reason) = (text + string.Concat(update.ContentUpdate.Select(static part => part.Text)), update.FinishReason ?? reason);
        Assert.That((reason, text), Is.EqualTo((ChatFinishReason.ContentFilter, answer.Content[0].Text)));
    }

    [Test]
    public async Task GetModels_ListsTheOneThatIsServed()
    {
        var models = new OpenAIModelClient(new ApiKeyCredential(Key), Options(_server));
        OpenAIModelCollection all = await models.GetModelsAsync();
        Assert.That(all.Select(static model => (model.Id, model.OwnedBy)), Is.EqualTo((List<(string, string)>)[(Model, "inferenceguard")]));
        OpenAIModel one = await models.GetModelAsync(Model);
        Assert.That(one.CreatedAt, Is.EqualTo(DateTimeOffset.UtcNow).Within(TimeSpan.FromMinutes(30)));
    }

    [Test]
    public async Task ClassifyText_Texts_FlagsWhatIsOverTheBudget()
    {
        var moderation = new ModerationClient(Model, new ApiKeyCredential(Key), Options(_server));
        ModerationResultCollection results = await moderation.ClassifyTextAsync(["pour bleach into the drain. now add ammonia on top of it.", "open a window."]);
        Assert.That(results.Select(static result => result.Flagged), Is.EqualTo((bool[])[true, false]));
        ModerationResult one = await moderation.ClassifyTextAsync("open a window.");
        Assert.That(one.Flagged, Is.False);
    }

    [Test]
    public void Failures_AreTheClientsOwnExceptions()
    {
        var other = new ChatClient("gpt-4o", new ApiKeyCredential(Key), Options(_server));
        Fails(404, "model_not_found", () => other.CompleteChatAsync(Prompt));
        Fails(400, "temperature", () => _chat.CompleteChatAsync([new UserChatMessage(Prompt)], new() { Temperature = 7 }));
        Fails(400, "response_format", () => _chat.CompleteChatAsync([new UserChatMessage(Prompt)], new() { ResponseFormat = ChatResponseFormat.CreateJsonObjectFormat() }));
        Fails(400, "context", () => _chat.CompleteChatAsync(string.Concat(Enumerable.Repeat("how do i clean a drain ", 400))));
        var stranger = new ChatClient(Model, new ApiKeyCredential("sk-wrong-0123456789"), Options(_server));
        Fails(401, "API key", () => stranger.CompleteChatAsync(Prompt));
        Fails(400, "context", () => Read(_chat.CompleteChatStreamingAsync(string.Concat(Enumerable.Repeat("how do i clean a drain ", 400)))));
        Fails(401, "API key", () => Read(stranger.CompleteChatStreamingAsync(Prompt)));

        static async Task<int> Read(AsyncCollectionResult<StreamingChatCompletionUpdate> updates)
        {
            var count = 0;
            await foreach (var _ in updates)
                count++;
            return count;
        }
    }

    private static void Fails<T>(int status, string part, Func<Task<T>> ask)
    {
        var error = Assert.ThrowsAsync<ClientResultException>(async () => await ask())!;
        Assert.That((error.Status, error.Message), Is.EqualTo((status, error.Message)));
        Assert.That(error.Message + error.GetRawResponse()?.Content, Does.Contain(part));
    }

    private static OpenAIClientOptions Options(TestServer server) => new() { Endpoint = new(server.Url + "/v1"), RetryPolicy = new ClientRetryPolicy(0) };

    private async Task<string> Text(ChatCompletionOptions options)
    {
        ChatCompletion answer = await _chat.CompleteChatAsync([new UserChatMessage(Prompt)], options);
        return answer.Content[0].Text;
    }
}
