namespace MambaQuant.Quant.Safetensors;

/// <summary>The files of a model in Hugging Face layout, wherever they lie: config.json, *.safetensors, tokenizer.json and what else there is.</summary>
/// <remarks>The usual one is a <see cref="ModelFolder"/>. Thread-safe.</remarks>
public interface IModelFiles
{
    /// <summary>Where they lie, for messages: a folder, or a store.</summary>
    string Description { get; }

    /// <summary>Their names, without paths, in ordinal order.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Whether there is a file.</summary>
    /// <param name="name">Its name.</param>
    bool Contains(string name);

    /// <summary>Where a file lies or would lie, for messages.</summary>
    /// <param name="name">Its name.</param>
    string Locate(string name);

    /// <summary>Opens a file.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The open file; dispose it.</returns>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    IByteSource Open(string name);
}
