// The folder of a critic's training: the critic, its curves as CSV, and plots of them.

using System.Globalization;
using InferenceGuard.Training.Critics;
using ScottPlot;

namespace InferenceGuard.App.Cli.Training;

/// <summary>The folder of a critic's training.</summary>
internal sealed class CriticRunFolder
{
    private readonly string _folder;

    private CriticRunFolder(string folder) => _folder = folder;

    /// <summary>The finished critic.</summary>
    public string CriticPath => Path.Combine(_folder, "critic.safetensors");

    /// <summary>Where an interrupted training goes on.</summary>
    public string CheckpointPath => Path.Combine(_folder, "checkpoint.safetensors");

    /// <summary>Opens a folder; it is made if it does not exist.</summary>
    /// <param name="folder">Its path.</param>
    /// <exception cref="GuardException">It cannot be made.</exception>
    public static CriticRunFolder Create(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The folder '{folder}' cannot be made: {e.Message} Choose another --out.", e);
        }
    }

    /// <summary>Writes <c>epochs</c>, <c>reliability</c> and <c>roc</c>, each as CSV, PNG and SVG.</summary>
    /// <param name="epochs">All epochs.</param>
    /// <param name="predictions">Predictions on the validation prompts.</param>
    public void Write(IReadOnlyList<CriticEpoch> epochs, CriticPredictions predictions)
    {
        WriteLosses(epochs);
        WriteReliability(predictions);
        WriteRanking(predictions);
    }

    private void WriteLosses(IReadOnlyList<CriticEpoch> epochs)
    {
        Csv("epochs", "epoch,training_loss,validation_safe_loss,validation_reward_loss,is_best", epochs.Select(static epoch =>
            (FormattableString)$"{epoch.Epoch},{epoch.TrainingLoss},{epoch.SafeLoss},{epoch.RewardLoss},{(epoch.IsBest ? 1 : 0)}"));
        using var plot = new Plot();
        double[] at = [.. epochs.Select(static epoch => (double)epoch.Epoch)];
        plot.Add.Scatter(at, epochs.Select(static epoch => epoch.TrainingLoss).ToArray()).LegendText = "training loss";
        plot.Add.Scatter(at, epochs.Select(static epoch => epoch.SafeLoss).ToArray()).LegendText = "validation f1: cross-entropy";
        plot.Add.Scatter(at, epochs.Select(static epoch => epoch.RewardLoss).ToArray()).LegendText = "validation f2: squared error";
        Save(plot, "epochs", "Losses of the critic", "epoch", "loss", Alignment.UpperRight);
    }

    private void WriteReliability(CriticPredictions predictions)
    {
        var bins = CriticMetrics.Reliability(predictions.Safe, predictions.IsSafe);
        Csv("reliability", "count,predicted,observed", bins.Select(static bin => (FormattableString)$"{bin.Count},{bin.Predicted},{bin.Observed}"));
        using var plot = new Plot();
        PlotFile.Diagonal(plot);
        var filled = bins.Where(static bin => bin.Count > 0).ToArray();
        plot.Add.Scatter(filled.Select(static bin => bin.Predicted).ToArray(), filled.Select(static bin => bin.Observed).ToArray()).LegendText =
            string.Create(CultureInfo.InvariantCulture, $"f1, ECE {CriticMetrics.CalibrationError(predictions.Safe, predictions.IsSafe):F3}");
        Save(plot, "reliability", "Reliability of f1", "predicted probability of a safe end", "share that ended safely", Alignment.LowerRight);
    }

    private void WriteRanking(CriticPredictions predictions)
    {
        using var plot = new Plot();
        PlotFile.Diagonal(plot);
        var rows = new List<FormattableString>();
        for (var part = 0; part < CriticPredictions.Parts; part++)
        {
            var (safe, isSafe) = predictions.In(part);
            var (from, to) = (part * 100 / CriticPredictions.Parts, (part + 1) * 100 / CriticPredictions.Parts);
            var auroc = CriticMetrics.Auroc(safe, isSafe);
            rows.Add($"{from},{to},{safe.Length},{auroc},{CriticMetrics.CalibrationError(safe, isSafe)}");
            var curve = CriticMetrics.Roc(safe, isSafe);
            if (part % 2 == 0 && curve.Count > 0)
                plot.Add.ScatterLine(curve.Select(static point => point.FalseRate).ToArray(), curve.Select(static point => point.TrueRate).ToArray()).LegendText =
                    string.Create(CultureInfo.InvariantCulture, $"{from}-{to} % of the answer, AUROC {auroc:F3}");
        }
        Csv("roc", "from_percent,to_percent,positions,auroc,ece", rows);
        Save(plot, "roc", "ROC of f1 by position in the answer", "share of unsafe ends taken for safe", "share of safe ends taken for safe", Alignment.LowerRight);
    }

    private void Save(Plot plot, string name, string title, string x, string y, Alignment legend)
    {
        PlotFile.SaveSvg(plot, Path.Combine(_folder, name + ".svg"), title, x, y, legend);
        PlotFile.SavePng(plot, Path.Combine(_folder, name + ".png"));
    }

    private void Csv(string name, string header, IEnumerable<FormattableString> rows) =>
        File.WriteAllLines(Path.Combine(_folder, name + ".csv"), [header, .. rows.Select(FormattableString.Invariant)]);
}
