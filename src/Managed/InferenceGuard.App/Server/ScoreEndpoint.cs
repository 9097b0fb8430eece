// /v1/moderations, /v1/score and /v1/models: what the cost says of texts that are given.

using InferenceGuard.Model;
using InferenceGuard.Search;

namespace InferenceGuard.App.Server;

/// <summary>What the cost says of texts that are given, and what is served.</summary>
internal sealed class ScoreEndpoint(ServedModel served, ChatPlanner planner)
{
    private const int MostTexts = 256;

    /// <summary>The model that is served.</summary>
    public ModelsResponse Models()
    {
        var (info, own) = (served.Model.Info, served.Options);
        return new("list",
            [new(served.Name, "model", served.Created.ToUnixTimeSeconds(), "inferenceguard", info.Architecture, info.Quantization, info.TrainedContextTokens, served.Cost.Name, served.Reward.Name, own.Budget,
                new(own.Beams, own.KeptBeams, own.BlockTokens, own.Retries, own.MaxTokens, own.Temperature, own.Seed))]);
    }

    /// <summary>Scores texts.</summary>
    /// <exception cref="ApiException">The input is missing or of another form.</exception>
    public ModerationResponse Moderate(ModerationRequest request, CancellationToken cancellation)
    {
        planner.RequireModel(request.Model);
        var texts = ChatPlanner.Texts(request.Input, "input") ?? [];
        if (texts.Length is 0 or > MostTexts)
            throw ApiException.BadRequest($"input must be a text, or a list of 1 to {MostTexts} texts.", "input");
        return new($"modr-{Guid.NewGuid():N}", served.Name, [.. texts.Select(text => Verdict(served.Cost.Score(request.Prompt ?? "", text, ended: true, cancellation)))]);
    }

    /// <summary>Follows the safety state of an answer.</summary>
    /// <exception cref="ApiException">A text is missing.</exception>
    public ScoreResponse Score(ScoreRequest request, CancellationToken cancellation)
    {
        planner.RequireModel(request.Model);
        var prompt = request.Prompt ?? ChatMessage.UserText(ChatPlanner.Conversation(request.Messages));
        if (request.Answer is not { Length: > 0 } answer)
            throw ApiException.BadRequest("answer is missing or empty; give the text to score.", "answer");
        var (options, vocabulary) = (served.Options, served.Model.Vocabulary);
        var tokens = vocabulary.Tokenize(answer, parseSpecial: false);
        var charges = AnswerCharges.Of(vocabulary, served.Cost, prompt, tokens, options, cancellation);
        var cost = served.Cost.Score(prompt, answer, ended: true, cancellation);
        // The end of an answer can be a step of its own, without a token.
        var texts = tokens.Chunk(options.TokensPerCharge).Select(block => vocabulary.Detokenize(block)).Append("");
        var steps = charges.StepCosts.Zip(texts).Select((step, at) => new ScoreResponse.Step(step.Second, step.First, charges.States[at + 1])).ToArray();
        return new(served.Name, charges.States[^1] >= 0 && options.Budget - cost >= 0, cost, options.Budget, charges.States[^1], steps);
    }

    private ModerationResponse.Verdict Verdict(double cost)
    {
        if (!double.IsFinite(cost))
            throw new GuardException(GuardFault.Generation, $"The cost model '{served.Cost.Name}' gave {cost}; a cost must be finite.");
        var budget = served.Options.Budget;
        var isFlagged = !(budget - cost >= 0);
        var score = budget > 0 ? cost <= 0 ? 0 : cost / (cost + budget) : isFlagged ? 1 : 0;
        return new(isFlagged, new Dictionary<string, bool> { [served.Cost.Name] = isFlagged }, new Dictionary<string, double> { [served.Cost.Name] = score }, cost, budget);
    }
}
