using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Driving;

/// <summary>What people are told of a job while it runs; the same under every driver.</summary>
public static class JobTexts
{
    /// <summary>What an item made was found missing or damaged.</summary>
    /// <param name="label">The item.</param>
    /// <param name="fault">What was found.</param>
    public static string MadeAgain(string label, string fault) => $"{label} is made again: {fault}";

    /// <summary>An attempt failed, another one follows.</summary>
    /// <param name="label">The item.</param>
    /// <param name="cause">Why it failed.</param>
    public static string TriedAgain(string label, string cause) => $"{label} is tried again: {cause}";

    /// <summary>Two workers made different bytes.</summary>
    /// <param name="label">The item.</param>
    /// <param name="first">Who made what counts.</param>
    /// <param name="second">Who made something else.</param>
    public static string Differs(string label, string first, string second) =>
        $"{label}: {first} and {second} made different bytes. Two runs of one item must agree: please report this";

    /// <summary>A worker made other bytes than those that the store held already.</summary>
    /// <param name="label">The item.</param>
    /// <param name="outputs">Names of the outputs.</param>
    public static string DiffersFromStore(string label, IEnumerable<string> outputs) =>
        $"{label} made other bytes than the store holds of {string.Join(", ", outputs)}; those in the store count. Two runs of one item must agree: please report this";

    /// <summary>The plan in the store was damaged.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="store">The store.</param>
    /// <param name="fault">What was found.</param>
    public static string PlanWrittenAgain(string job, string store, string fault) => $"the plan of job {job} in '{store}' is written again: {fault}";

    /// <summary>The journal of an earlier run cannot be read.</summary>
    /// <param name="broken">What was found.</param>
    public static string JournalBeganAnew(Exception broken) =>
        $"the journal of an earlier run cannot be read, and begins anew; what that run made is kept: {(broken is CorruptArtifactException corrupt ? $"'{corrupt.Name}': {corrupt.Fault}" : broken?.Message)}";

    /// <summary>A snapshot of the journal could not be put.</summary>
    /// <param name="failure">What the store said.</param>
    public static string NoSnapshot(ArtifactStoreException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return $"no snapshot of the journal could be put, so that whoever goes on with the job reads more of it: {failure.Message}";
    }
}
