namespace MambaQuant.Pipeline.Planning;

/// <summary>What an item is expected to cost, from shapes alone.</summary>
/// <param name="Operations">Floating-point operations, a multiply-add counted as two.</param>
/// <param name="InputBytes">Bytes read through the store.</param>
/// <param name="OutputBytes">Bytes written through the store.</param>
/// <param name="ModelBytes">Bytes of weights read from the model.</param>
/// <param name="MemoryBytes">Largest resident set of one worker that runs it, beyond the program itself.</param>
public readonly record struct WorkCost(double Operations, long InputBytes, long OutputBytes, long ModelBytes, long MemoryBytes);
