using MambaQuant.Client.Failures;
using MambaQuant.Client.Quantizing;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Quantizing;

public sealed class QuantizeChecksTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly string _model;

    public QuantizeChecksTests()
    {
        _model = Directory.CreateDirectory(_folder.File("model")).FullName;
        new SyntheticMamba { DType = DType.F16 }.Write(_model);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void DiskSpace_CountsStatisticsAndSamples_NotTheSizeOfTheSource()
    {
        QuantizeRequest request = Request("mambaquant");
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model);
        DiskNeed need = DiskNeed.Of(checkpoint, request.Recipes, request.Calibration, request.Plan);

        // Samples of two layers, 8 × 512 × 24 values, are larger than the fp16 weights.
        Assert.True(need.StoreBytes > 3 * checkpoint.TensorBytes);
        IOException error = Assert.Throws<IOException>(() => QuantizeChecks.Run(request, _ => need.PeakBytes - 1));
        Assert.Contains("too little disk space", error.Message, StringComparison.Ordinal);
        Assert.Contains("of statistics and parts while it runs", error.Message, StringComparison.Ordinal);
        Assert.Null(QuantizeChecks.Run(request, _ => need.PeakBytes));
        Assert.Null(QuantizeChecks.Run(request, _ => null));
    }

    [Fact]
    public void DiskSpace_OfSeveralPresets_CountsWhatTheyShareOnce()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model);
        QuantizeRequest both = Request("quarot", "mambaquant");
        long apart = both.Recipes.Sum(recipe => DiskNeed.Of(checkpoint, [recipe], both.Calibration, both.Plan).PeakBytes);
        DiskNeed need = DiskNeed.Of(checkpoint, both.Recipes, both.Calibration, both.Plan);

        Assert.True(need.PeakBytes < apart);
        Assert.Null(QuantizeChecks.Run(both, _ => need.PeakBytes));
        Assert.Throws<IOException>(() => QuantizeChecks.Run(both, _ => need.PeakBytes - 1));
    }

    [Fact]
    public void DiskSpace_OfANamedStore_IsNotAskedOfTheOutput()
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model);
        QuantizeRequest request = Request("mambaquant") with { Store = _folder.File("store") };
        DiskNeed need = DiskNeed.Of(checkpoint, request.Recipes, request.Calibration, request.Plan);

        Assert.Null(QuantizeChecks.Run(request, _ => need.OutputBytes));
        Assert.Throws<IOException>(() => QuantizeChecks.Run(request, _ => need.OutputBytes - 1));
    }

    [Fact]
    public void DiskSpace_IsThatOfTheFolderBesideWhichTheRunWrites()
    {
        List<string> asked = [];
        Directory.CreateDirectory(_folder.File("out"));
        QuantizeChecks.Run(Request("rtn"), Ask);
        QuantizeChecks.Run(Request("rtn", "quarot"), Ask);
        Assert.Equal([_folder.Path, _folder.Path], asked);

        long? Ask(string folder)
        {
            asked.Add(folder);
            return null;
        }
    }

    [Fact]
    public void FinishedPresets_AreNamed_WithTheCommandForTheRest()
    {
        Finish("rtn");
        string message = Refusal("rtn", "quarot", "mambaquant");
        Assert.Contains($"'{_folder.File("out/rtn")}' holds a finished checkpoint", message, StringComparison.Ordinal);
        Assert.Contains("To make only what is missing: --preset quarot,mambaquant with the same --out;", message, StringComparison.Ordinal);

        // And that command is accepted.
        Assert.Null(QuantizeChecks.Run(Request("quarot", "mambaquant"), _ => null));
    }

    [Fact]
    public void OnePresetMissing_GoesToItsOwnFolder()
    {
        Finish("rtn");
        Finish("quarot");
        string message = Refusal("rtn", "quarot", "mambaquant");
        Assert.Contains($"--preset mambaquant --out {_folder.File("out/mambaquant")};", message, StringComparison.Ordinal);
        Assert.Null(QuantizeChecks.Run(Request("mambaquant") with { OutputPath = _folder.File("out/mambaquant") }, _ => null));
    }

    [Fact]
    public void LastOfSeveralFolders_IsCheckedBeforeTheFirstIsBegun()
    {
        Directory.CreateDirectory(_folder.File("out/mambaquant"));
        _folder.Write("out/mambaquant/thesis.txt", "mine"u8);
        string message = Refusal("rtn", "mambaquant");
        Assert.Contains("mambaquant' holds thesis.txt", message, StringComparison.Ordinal);
        Assert.Contains("--preset rtn --out", message, StringComparison.Ordinal);

        Directory.CreateDirectory(_folder.File("out/quarot.work"));
        _folder.Write("out/quarot.work/notes.txt", "mine"u8);
        Assert.Contains("quarot.work' is in the way", Refusal("rtn", "quarot"), StringComparison.Ordinal);
    }

    [Fact]
    public void AllPresetsThere_LeaveNothingToDo()
    {
        Finish("rtn");
        Finish("quarot");
        Assert.Contains("All are there; remove", Refusal("rtn", "quarot"), StringComparison.Ordinal);
    }

    [Fact]
    public void SequencesThatFitNoTensor_AreAUsageError()
    {
        QuantizeRequest request = Request("mambaquant");
        UsageException error = Assert.Throws<UsageException>(
            () => QuantizeChecks.Run(request with { Calibration = request.Calibration with { SequenceLength = int.MaxValue } }, _ => null));
        Assert.Contains($"expected at most {Array.MaxLength / (24 * 8)};", error.Message, StringComparison.Ordinal);
    }

    private string Refusal(params string[] presets) =>
        Assert.Throws<OutputDirectoryException>(() => QuantizeChecks.Run(Request(presets), _ => null)).Message;

    private void Finish(string preset)
    {
        Directory.CreateDirectory(_folder.File($"out/{preset}"));
        _folder.Write($"out/{preset}/manifest.json", "{}"u8);
    }

    private QuantizeRequest Request(params string[] presets) => new()
    {
        ModelPath = _model,
        OutputPath = _folder.File("out"),
        Recipes = [.. presets.Select(preset => RecipePresets.Get(preset, "W8A8"))],
        Calibration = new CalibrationOptions(),
        WindowLength = 512,
        Workers = 1,
    };
}
