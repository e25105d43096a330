using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Client.Cluster;

/// <summary>The model of a submission, as the client reads it and as workers will find it.</summary>
/// <param name="Files">Its files.</param>
/// <param name="Known">Its identity where that is known already; null where its files have to be hashed.</param>
/// <param name="Place">Where workers find it; null where it has to be uploaded.</param>
internal sealed record ModelSource(IModelFiles Files, ModelIdentity? Known, InputPlace? Place);
