using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.EndToEnd;

/// <summary>Each way in which input can be bad ends in its own exit code, one clear message, and nothing written.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TruncatedWeights()
    {
        string model = SampleModel.Copy(_folder);
        SampleModel.TruncateWeights(model, 1000);

        AssertRefused(5, "model.safetensors", Quantize(model));
    }

    [Fact]
    public void HeaderLengthBeyondTheFile()
    {
        string model = SampleModel.Copy(_folder);
        using (FileStream file = File.OpenWrite(Path.Combine(model, "model.safetensors")))
        {
            file.Write([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]);
        }

        AssertRefused(5, "model.safetensors", Quantize(model));
    }

    [Fact]
    public void WrongShape()
    {
        string model = SampleModel.Copy(_folder);
        SampleModel.Replace(model, "config.json", "\"state_size\": 16", "\"state_size\": 8");

        AssertRefused(5, "A_log", Quantize(model));
    }

    [Fact]
    public void MissingTensor()
    {
        string model = SampleModel.Copy(_folder);
        SampleModel.RenameTensor(model, "backbone.layers.3.mixer.D", "backbone.layers.3.mixer.E");

        AssertRefused(5, "backbone.layers.3.mixer.D", Quantize(model));
    }

    [Fact]
    public void NotANumberInAWeight()
    {
        string model = SampleModel.Copy(_folder);
        SampleModel.PoisonTensor(model, "backbone.layers.5.mixer.in_proj.weight");

        AssertRefused(12, "backbone.layers.5.mixer.in_proj.weight", Quantize(model, "--preset", "rtn"));
    }

    [Fact]
    public void AnotherModelType()
    {
        string model = SampleModel.Copy(_folder);
        SampleModel.Replace(model, "config.json", "\"model_type\": \"mamba\"", "\"model_type\": \"llama\"");

        AssertRefused(4, "llama", Quantize(model));
    }

    [Fact]
    public void HubId() => AssertRefused(4, "hf download state-spaces/mamba-130m-hf", Quantize("state-spaces/mamba-130m-hf"));

    [Fact]
    public void PickledCheckpoint()
    {
        string model = SampleModel.Copy(_folder);
        File.Move(Path.Combine(model, "model.safetensors"), Path.Combine(model, "pytorch_model.bin"));

        AssertRefused(4, "safe_serialization=True", Quantize(model));
    }

    [Fact]
    public void TokenizerThatIsNoJson()
    {
        string model = SampleModel.Copy(_folder);
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), "{\"model\":");

        AssertRefused(6, "tokenizer.json", Quantize(model));
    }

    [SharedDataFact]
    public void TokenizerOfAnotherModel()
    {
        string model = SampleModel.Copy(_folder);
        File.Copy(SharedData.Path("models", "gpt-neox-20b", "tokenizer.json"), Path.Combine(model, "tokenizer.json"), overwrite: true);

        AssertRefused(6, "4096", Quantize(model));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n ")]
    public void EmptyText(string text) =>
        AssertRefused(8, "text.txt", Quantize(SampleModel.Folder, "--calibration", _folder.Write("text.txt", System.Text.Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void TextThatIsNoUtf8() =>
        AssertRefused(8, "0xff at offset 2", Quantize(SampleModel.Folder, "--calibration", _folder.Write("text.txt", [0x61, 0x20, 0xFF, 0x20])));

    [Fact]
    public void EvaluationTextThatIsNoUtf8() =>
        AssertRefused(8, "text.txt", Quantize(SampleModel.Folder, "--evaluate", _folder.Write("text.txt", [0xC3])));

    [Theory]
    [InlineData("2", "--samples")]
    [InlineData("512", "--seq-len")]
    public void TooLittleText(string sequenceLength, string advice) => AssertRefused(
        9, advice, Quantize(SampleModel.Folder, "--calibration", _folder.Write("text.txt", "a short text"u8), "--samples", "64", "--seq-len", sequenceLength));

    [Fact]
    public void MissingText() => AssertRefused(3, "absent.txt", Quantize(SampleModel.Folder, "--calibration", _folder.File("absent.txt")));

    [Fact]
    public void UnknownKeyOfARecipe()
    {
        string recipe = _folder.Write("own.yaml", "name: own\nmodifiers:\n  - Quantization: { scheme: W8A8, speed: fast }\n"u8);

        AssertRefused(7, "line 3", Quantize(SampleModel.Folder, "--recipe", recipe));
    }

    [Fact]
    public void UnknownPreset() => AssertRefused(2, "there is no preset 'awq'; use rtn,", Quantize(SampleModel.Folder, "--preset", "awq"));

    [Fact]
    public void OutputThatHoldsSomething()
    {
        string output = Directory.CreateDirectory(_folder.File("out")).FullName;
        File.WriteAllText(Path.Combine(output, "precious.txt"), "mine");

        ProgramRun run = Quantize(SampleModel.Folder);

        Assert.Equal(10, run.ExitCode);
        Assert.Contains("precious.txt", run.Error, StringComparison.Ordinal);
        Assert.Equal(["precious.txt"], Directory.EnumerateFileSystemEntries(output).Select(Path.GetFileName));
    }

    [UnixFact]
    public void FullDisk()
    {
        // The checkpoint has 4.9 MB.
        ProgramRun run = ProgramRun.WithFileSizeLimit(3000, ["quantize", SampleModel.Folder, "--out", _folder.File("out"), "--preset", "rtn", .. QuantizedSample.Few]);

        Assert.Equal(11, run.ExitCode);
        Assert.Contains("out.partial", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.Equal(["out.work"], Directory.EnumerateFileSystemEntries(_folder.Path, "out*").Select(Path.GetFileName));

        // With room, the same command goes on.
        ProgramRun again = ProgramRun.Of(["quantize", SampleModel.Folder, "--out", _folder.File("out"), "--preset", "rtn", .. QuantizedSample.Few]);
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(["out"], Directory.EnumerateFileSystemEntries(_folder.Path, "out*").Select(Path.GetFileName));
    }

    [UnixFact]
    public void OutputThatCannotBeWritten() =>
        AssertRefused(11, "/proc/out", ProgramRun.Of(["quantize", SampleModel.Folder, "--out", "/proc/out", "--preset", "rtn", .. QuantizedSample.Few]));

    [UnixFact]
    public void CtrlC_WhileTheModelWritesItsCalibrationText() => AssertStopped(2, "sample text", "--calibration", "self", "--samples", "64", "--seq-len", "512");

    [UnixFact]
    public void CtrlC_WhileCalibrating() => AssertStopped(2, "observe original", "--calibration", SampleModel.EvaluationText, "--samples", "10", "--seq-len", "512");

    [UnixFact]
    public void Termination() => AssertStopped(15, "observe original", "--calibration", SampleModel.EvaluationText, "--samples", "10", "--seq-len", "512");

    private ProgramRun Quantize(string model, params string[] options) =>
        ProgramRun.Of(["quantize", model, "--out", _folder.File("out"), .. options.Contains("--samples") ? [] : QuantizedSample.Few, .. options]);

    private void AssertStopped(int signal, string during, params string[] options)
    {
        // The signal comes many seconds before the end, and not before there is something to go on from.
        ProgramRun run = ProgramRun.Signalled(signal, during, ["quantize", SampleModel.Folder, "--out", _folder.File("out"), .. options]);

        Assert.Equal(75, run.ExitCode);
        Assert.Contains("stopping at the next safe point", run.Error, StringComparison.Ordinal);
        Assert.Contains("the same command goes on from there", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.Equal(["out.work"], Directory.EnumerateFileSystemEntries(_folder.Path, "out*").Select(Path.GetFileName));
    }

    private void AssertRefused(int exitCode, string expected, ProgramRun run)
    {
        Assert.True(exitCode == run.ExitCode, $"exit code {run.ExitCode}, expected {exitCode}:\n{run.Error}");
        string message = string.Join('\n', run.Error.Split('\n').SkipWhile(line => !line.StartsWith("error: ", StringComparison.Ordinal)));
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at MambaQuant.", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        AssertNothingWritten();
    }

    private void AssertNothingWritten() =>
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path, "out*").Select(Path.GetFileName));
}
