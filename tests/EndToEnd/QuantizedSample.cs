using MambaQuant.Testing;

namespace MambaQuant.EndToEnd;

/// <summary>The sample model, quantized once with the whole method on a few short sequences; tests share it and leave it as it is.</summary>
public sealed class QuantizedSample : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    /// <summary>Quantizes.</summary>
    public QuantizedSample()
    {
        Run = ProgramRun.Of(["quantize", SampleModel.Folder, "--out", Folder, .. Few]);
        if (Run.ExitCode != 0)
        {
            throw new InvalidOperationException($"quantize ended with {Run.ExitCode}:\n{Run.Error}");
        }
    }

    /// <summary>Options for a calibration of a second or two.</summary>
    public static string[] Few { get; } = ["--samples", "4", "--seq-len", "64"];

    /// <summary>The checkpoint.</summary>
    public string Folder => _folder.File("quantized");

    /// <summary>The run that made it.</summary>
    internal ProgramRun Run { get; }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
