using MambaQuant.Grains.Contracts;

namespace MambaQuant.Grains.Jobs;

/// <summary>A slot as the directory knows it.</summary>
internal sealed class SlotEntry
{
    /// <summary>The slot.</summary>
    public required SlotDescription Slot { get; set; }

    /// <summary>The job that it works for.</summary>
    public string? Job { get; set; }

    /// <summary>Whether it has nothing to do.</summary>
    public bool IsIdle { get; set; }

    /// <summary>When it was last heard of, in milliseconds.</summary>
    public long Heard { get; set; }

    /// <summary>The job that it was told to work for, as long as it does not yet.</summary>
    public string? Ordered { get; set; }

    /// <summary>When it was told so.</summary>
    public long OrderedAt { get; set; }
}
