using MambaQuant.Client.Failures;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tokenization;
using Xunit;

namespace MambaQuant.Client.Tests.Failures;

public sealed class FailureTests
{
    public static TheoryData<Exception, int> Known => new()
    {
        { new UsageException("x"), ExitCodes.Usage },
        { new FileNotFoundException("x"), ExitCodes.MissingInput },
        { new DirectoryNotFoundException("x"), ExitCodes.MissingInput },
        { new UnsupportedModelException("x"), ExitCodes.UnsupportedModel },
        { new InvalidSafetensorsException("x"), ExitCodes.InvalidCheckpoint },
        { new InvalidModelConfigException("x"), ExitCodes.InvalidCheckpoint },
        { new InvalidTokenizerException("x"), ExitCodes.InvalidTokenizer },
        { new InvalidRecipeException("x"), ExitCodes.InvalidRecipe },
        { new UnsupportedSiteException("x"), ExitCodes.InvalidRecipe },
        { new InvalidCheckpointException("x"), ExitCodes.InvalidCheckpoint },
        { new InvalidTextException("x"), ExitCodes.InvalidText },
        { new InsufficientTextException("x"), ExitCodes.TooLittleText },
        { new OutputDirectoryException("x"), ExitCodes.OutputNotEmpty },
        { new IOException("x"), ExitCodes.StorageFailure },
        { new UnauthorizedAccessException("x"), ExitCodes.StorageFailure },
        { new NonFiniteWeightException("x"), ExitCodes.NonFiniteValue },
        { new NonFiniteActivationException("x"), ExitCodes.NonFiniteValue },
        { new NumericalException("x"), ExitCodes.NumericalFailure },
        { new InsufficientMemoryException("x"), ExitCodes.OutOfMemory },
        { new InvalidOperationException("x"), ExitCodes.UnexpectedError },
        { new ArgumentException("x"), ExitCodes.UnexpectedError },
        { new OperationCanceledException("not asked for"), ExitCodes.UnexpectedError },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Exception_HasItsExitCode(Exception exception, int expected) =>
        Assert.Equal(expected, Failure.Of(exception, CancellationToken.None).ExitCode);

    [Fact]
    public void ExceptionOfAParallelLoop_IsUnwrapped()
    {
        AggregateException wrapped = new(new AggregateException(new InvalidTokenizerException("the file")), new InvalidOperationException());

        Failure failure = Failure.Of(wrapped, CancellationToken.None);

        Assert.Equal((ExitCodes.InvalidTokenizer, "the file"), (failure.ExitCode, failure.Message));
    }

    [Fact]
    public void Cancellation_IsCtrlC_OnlyWhenItWasAskedFor()
    {
        using CancellationTokenSource source = new();
        OperationCanceledException exception = new();
        Assert.Equal(ExitCodes.UnexpectedError, Failure.Of(exception, source.Token).ExitCode);

        source.Cancel();

        Assert.Equal(ExitCodes.Interrupted, Failure.Of(exception, source.Token).ExitCode);
    }

    [Fact]
    public void UnexpectedError_SaysHowToReportIt()
    {
        Failure failure = Failure.Of(new InvalidOperationException("strange"), CancellationToken.None);

        Assert.StartsWith("unexpected InvalidOperationException: strange\nThis is a bug in mambaquant.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("MAMBAQUANT_TRACE=1", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Trace_IsPrintedOnlyOnDemand(bool showTraces, bool expected)
    {
        using StringWriter error = new() { NewLine = "\n" };
        CommandContext context = new() { Output = TextWriter.Null, Error = error, Time = TimeProvider.System, ShowTraces = showTraces };

        int code = Failure.Of(new InvalidRecipeException("line 3"), CancellationToken.None).Report(context);

        Assert.Equal(ExitCodes.InvalidRecipe, code);
        Assert.StartsWith("error: line 3\n", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(expected, error.ToString().Contains(nameof(InvalidRecipeException), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(28)]
    [InlineData(27)]
    [InlineData(122)]
    public void FullDisk_NamesTheWayOut(int errorNumber)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Failure failure = Failure.Of(new IOException("No space left on device : '/out/model.safetensors'", errorNumber), CancellationToken.None);

        Assert.Equal(ExitCodes.StorageFailure, failure.ExitCode);
        Assert.StartsWith("No space left on device : '/out/model.safetensors'; ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--out", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFile_IsNamedWithTheNextStep()
    {
        string path = Path.Combine(Path.GetTempPath(), "mambaquant-absent", "text.txt");
        string absentFile = Path.Combine(Path.GetTempPath(), "mambaquant-absent.txt");
        Assert.Equal($"there is no file '{absentFile}'; check the path", Message(absentFile));
        Assert.Contains($"'{path}'; check the path", Message(path), StringComparison.Ordinal);

        static string Message(string path) => Failure.Of(Record.Exception(() => File.ReadAllText(path))!, CancellationToken.None).Message;
    }
}
