using MambaQuant.Pipeline.Inputs;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Client.Cluster;

/// <summary>A text of a submission, as the client reads it and as workers will find it.</summary>
/// <param name="Source">The text as it was named, for messages.</param>
/// <param name="Open">Opens it.</param>
/// <param name="Name">Its name without a path.</param>
/// <param name="Sha256">Its hash where that is known already.</param>
/// <param name="Place">Where workers find it; null where it has to be uploaded.</param>
internal sealed record TextSource(string Source, Func<IByteSource> Open, string Name, string? Sha256, InputPlace? Place);
