namespace MambaQuant.Quant.Safetensors;

/// <summary>A tensor of a checkpoint together with the file that holds it.</summary>
/// <param name="File">The open file; owned by the <see cref="CheckpointTensors"/> that gave it.</param>
/// <param name="Entry">The tensor's name, type, shape and place.</param>
public readonly record struct CheckpointTensor(SafetensorsFile File, SafetensorsEntry Entry)
{
    /// <inheritdoc cref="SafetensorsFile.ReadFloat32"/>
    public void ReadFloat32(Span<float> destination) => File.ReadFloat32(Entry, destination);

    /// <inheritdoc cref="SafetensorsFile.ReadFloat32Rows"/>
    public void ReadFloat32Rows(int firstRow, int rowCount, Span<float> destination) =>
        File.ReadFloat32Rows(Entry, firstRow, rowCount, destination);

    /// <summary>Reads the whole tensor as fp32 into a new array; fp16 and bf16 are widened, exactly.</summary>
    /// <returns>All values, row-major.</returns>
    /// <exception cref="InvalidSafetensorsException">The tensor is no F32, F16 or BF16, or too large for one array.</exception>
    public float[] ReadFloat32()
    {
        if (Entry.Shape.ElementCount > Array.MaxLength)
        {
            throw new InvalidSafetensorsException(
                $"'{File.Path}', tensor {Entry}: at most {Array.MaxLength} values fit one array. Read it in rows.");
        }

        var values = new float[Entry.Shape.ElementCount];
        File.ReadFloat32(Entry, values);
        return values;
    }
}
