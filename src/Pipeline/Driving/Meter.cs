namespace MambaQuant.Pipeline.Driving;

/// <summary>How far a stage is; never goes back.</summary>
internal sealed class Meter
{
    /// <summary>Units of items that are done.</summary>
    public long Done { get; set; }

    /// <summary>Units in all.</summary>
    public long Total { get; set; }

    /// <summary>Units told last.</summary>
    public long Told { get; set; }

    /// <summary>Units done of items that run.</summary>
    public Dictionary<int, long> Running { get; } = [];
}
