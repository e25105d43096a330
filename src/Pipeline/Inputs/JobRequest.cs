using System.Text.Json;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>What a cluster is told of a job besides its plan: where model and texts are, and where the job stands among others.</summary>
/// <remarks>
/// It holds no key or token: stored files are named by their hashes, and the store is the cluster's own. A silo passes over members that it does not know,
/// so that clients of the next version can submit while silos are upgraded: a member that must not be passed over comes with a new version.
/// </remarks>
public sealed record JobRequest
{
    private const int CurrentVersion = 1;

    /// <summary>Version of this document.</summary>
    public int FormatVersion { get; init; } = CurrentVersion;

    /// <summary>The job's identity.</summary>
    public required string Job { get; init; }

    /// <summary>The job for people, such as "mamba-2.8b W4A8".</summary>
    public required string Name { get; init; }

    /// <summary>Name of the float model; null where a client of an earlier version did not say.</summary>
    public string? ModelName { get; init; }

    /// <summary>Name of the recipe; null likewise.</summary>
    public string? Recipe { get; init; }

    /// <summary>Name of the scheme, such as "W4A8"; null likewise, or where the recipe has none.</summary>
    public string? Scheme { get; init; }

    /// <summary>Model and texts in the words of whoever submitted the job, for reports; null where nobody said, or nobody should repeat it.</summary>
    public InputWords? Words { get; init; }

    /// <summary>Place among the jobs of the store: the lowest is served first, equal ones by their identities. A client gives the time of submission in milliseconds.</summary>
    public required long Order { get; init; }

    /// <summary>The float model: stored or mounted.</summary>
    public required InputPlace Model { get; init; }

    /// <summary>The calibration text: stored, mounted, or the model's own.</summary>
    public required InputPlace Text { get; init; }

    /// <summary>The text that the result is judged on: stored or mounted; null for none.</summary>
    public InputPlace? EvaluationText { get; init; }

    /// <summary>Hashes of everything that lies in the store for this job.</summary>
    internal IEnumerable<string> StoredFiles => Model.Files.Values.Concat(Text.Files.Values).Concat(EvaluationText?.Files.Values ?? []);

    /// <summary>Whether another request names the same inputs at the same places.</summary>
    /// <param name="other">The other one.</param>
    public bool HasInputsOf(JobRequest other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (Model, Text, EvaluationText) == (other.Model, other.Text, other.EvaluationText);
    }

    /// <summary>The document as JSON; the same request gives the same bytes.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, InputsJson.Default.JobRequest);

    /// <summary>Reads what <see cref="ToJson"/> made.</summary>
    /// <param name="json">The bytes.</param>
    /// <param name="source">Where it was read, for messages.</param>
    /// <exception cref="InvalidRequestException">It is no request of a version that this program reads.</exception>
    public static JobRequest FromJson(ReadOnlySpan<byte> json, string source)
    {
        try
        {
            JobRequest? request = JsonSerializer.Deserialize(json, InputsJson.Default.JobRequest);
            return request is { FormatVersion: CurrentVersion }
                ? request
                : throw new InvalidRequestException($"'{source}': expected a request of format {CurrentVersion}, found {request?.FormatVersion.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "nothing"}. Submit the job with a client of the cluster's version");
        }
        catch (JsonException error)
        {
            throw new InvalidRequestException($"'{source}' is no request: {error.Message}. Submit the job again", error);
        }
    }
}
