namespace MambaQuant.Quant.Models;

/// <summary>A published Mamba model by its dimensions: what can be planned and simulated without its weights.</summary>
/// <param name="Name">Its name, such as "mamba-2.8b".</param>
/// <param name="Config">Its dimensions.</param>
/// <param name="Note">What people should know of it; empty where the dimensions say all.</param>
public sealed record PublishedModel(string Name, MambaConfig Config, string Note)
{
    /// <summary>The size in its name, such as "2.8b".</summary>
    public string Size => Name[PublishedModels.NamePrefix.Length..];
}
