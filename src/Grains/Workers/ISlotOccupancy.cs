namespace MambaQuant.Grains.Workers;

/// <summary>Whether the slots of this silo are wanted.</summary>
public interface ISlotOccupancy
{
    /// <summary>Whether any slot works for a job, or may yet be wanted by one.</summary>
    bool IsOccupied { get; }
}
