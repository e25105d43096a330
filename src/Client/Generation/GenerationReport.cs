namespace MambaQuant.Client.Generation;

/// <summary>What <c>generate --format json</c> prints.</summary>
/// <param name="Prompt">The text that was continued.</param>
/// <param name="Text">What was made, without the prompt.</param>
/// <param name="Tokens">Its token ids.</param>
/// <param name="Compute">"float", "weight-only", "integer" or "simulated".</param>
internal sealed record GenerationReport(string Prompt, string Text, IReadOnlyList<int> Tokens, string Compute);
