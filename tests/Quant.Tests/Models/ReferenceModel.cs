using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;

namespace MambaQuant.Quant.Tests.Models;

/// <summary>A trained model and the reference tensors beside it.</summary>
internal sealed class ReferenceModel : IDisposable
{
    private readonly SafetensorsFile _file;

    private ReferenceModel(string directory)
    {
        Directory = directory;
        _file = SafetensorsFile.Open(Path.Combine(directory, "reference.safetensors"));
    }

    /// <summary>The model's folder.</summary>
    public string Directory { get; }

    /// <summary>Sequences of the reference input, 128 tokens each.</summary>
    public int Batch => 2;

    /// <summary>All tensor names but the input's.</summary>
    public IEnumerable<string> Names => _file.Tensors.Select(tensor => tensor.Name).Where(name => name != "input_ids");

    /// <summary>Opens one by its folder's name.</summary>
    public static ReferenceModel Open(string name) => new(SharedData.Path("models", name));

    /// <summary>The input, sequence after sequence.</summary>
    public int[] Tokens()
    {
        var ids = new long[Find("input_ids").Shape.ElementCount];
        _file.ReadInt64(Find("input_ids"), ids);
        return [.. ids.Select(id => (int)id)];
    }

    /// <summary>The values of a tensor.</summary>
    public float[] Values(string name)
    {
        var values = new float[Find(name).Shape.ElementCount];
        _file.ReadFloat32(Find(name), values);
        return values;
    }

    public void Dispose() => _file.Dispose();

    private SafetensorsEntry Find(string name) =>
        _file.TryGet(name, out SafetensorsEntry? entry) ? entry : throw new KeyNotFoundException(name);
}
