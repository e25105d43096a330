using System.CommandLine;
using MambaQuant.Client.Failures;
using MambaQuant.Quant.Kernels;

namespace MambaQuant.Client.Planning;

/// <summary>The options that say where the rates of a cost model come from: measured now, or saved before.</summary>
internal sealed class RatesOptions
{
    /// <summary>Rates that were saved.</summary>
    public Option<string?> Rates { get; } = new("--rates")
    {
        Description = "Rates of a machine that --save-rates wrote, in place of measuring this one: the same rates print the same, anywhere.",
        HelpName = "FILE",
    };

    /// <summary>Where to save rates.</summary>
    public Option<string?> SaveRates { get; } = new("--save-rates")
    {
        Description = "Writes the rates that were measured on this machine, for --rates.",
        HelpName = "FILE",
    };

    /// <summary>Adds them to a verb.</summary>
    /// <param name="verb">The verb.</param>
    public void AddTo(Command verb)
    {
        ArgumentNullException.ThrowIfNull(verb);
        verb.Options.Add(Rates);
        verb.Options.Add(SaveRates);
    }

    /// <summary>Reads the rates, or measures and saves them where that is wanted.</summary>
    /// <param name="parse">Arguments that parsed without an error.</param>
    /// <param name="context">Measures.</param>
    /// <param name="kernels">The backend that is measured.</param>
    /// <exception cref="UsageException">Both options are given, or the file holds no rates.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public SavedRates Get(ParseResult parse, CommandContext context, IKernels kernels)
    {
        ArgumentNullException.ThrowIfNull(parse);
        ArgumentNullException.ThrowIfNull(context);
        string? read = parse.GetValue(Rates), write = parse.GetValue(SaveRates);
        if (read is not null && write is not null)
        {
            throw new UsageException("--rates and --save-rates exclude each other: rates are read, or measured and written");
        }

        if (read is not null)
        {
            return SavedRates.Read(read);
        }

        SavedRates measured = SavedRates.Of(context.Measure(kernels));
        if (write is not null)
        {
            measured.Write(write);
        }

        return measured;
    }
}
