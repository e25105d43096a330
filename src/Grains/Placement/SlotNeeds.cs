using Orleans.Runtime;

namespace MambaQuant.Grains.Placement;

/// <summary>What a call needs of the slot that it is for; travels with the call, and is read where the slot's grain is placed.</summary>
/// <param name="MemoryBytes">Memory of the item; 0 for none.</param>
/// <param name="Profile">Numerics profile of the kernels; null for any.</param>
internal readonly record struct SlotNeeds(long MemoryBytes, string? Profile)
{
    private const string MemoryKey = "mq.memory", ProfileKey = "mq.profile";

    /// <summary>What a call says.</summary>
    /// <param name="context">What travels with it; null for nothing.</param>
    public static SlotNeeds Of(IReadOnlyDictionary<string, object>? context) => new(
        context?.GetValueOrDefault(MemoryKey) is long memory ? memory : 0,
        context?.GetValueOrDefault(ProfileKey) as string);

    /// <summary>Makes calls say so, until the returned value is disposed of.</summary>
    public IDisposable Say()
    {
        RequestContext.Set(MemoryKey, MemoryBytes);
        if (Profile is not null)
        {
            RequestContext.Set(ProfileKey, Profile);
        }

        return new Saying();
    }

    private sealed class Saying : IDisposable
    {
        public void Dispose()
        {
            RequestContext.Remove(MemoryKey);
            RequestContext.Remove(ProfileKey);
        }
    }
}
