using MambaQuant.Grains.Hosting;

namespace MambaQuant.Grains.Workers;

/// <summary>A silo's folder for files on their way, as long as the silo runs: no other silo may have it, and it begins empty.</summary>
/// <remarks>What lies in a slot's folder at the start was left by a silo that died there, and nobody will ever read it.</remarks>
internal sealed class ScratchFolder : IDisposable
{
    private const string LockName = "lock";

    private readonly FileStream _lock;

    private ScratchFolder(FileStream taken) => _lock = taken;

    /// <summary>The folder of one slot.</summary>
    /// <param name="options">The silo.</param>
    /// <param name="place">The slot's place among those of the silo.</param>
    public static string Of(MambaQuantSiloOptions options, int place) => Path.Combine(options.ScratchPath, options.Slots[place].Device);

    /// <summary>Takes the folder and empties those of the slots; what else lies in it is nobody's business.</summary>
    /// <param name="options">The silo.</param>
    /// <exception cref="IOException">Another silo has it, or it cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public static ScratchFolder Take(MambaQuantSiloOptions options)
    {
        Directory.CreateDirectory(options.ScratchPath);
        string path = Path.Combine(options.ScratchPath, LockName);
        FileStream taken;
        try
        {
            taken = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new IOException($"the scratch folder '{options.ScratchPath}' cannot be taken: {fault.Message} Another silo may have it; give each silo a folder of its own (--scratch)", fault);
        }

        for (int place = 0; place < options.Slots.Length; place++)
        {
            string folder = Of(options, place);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return new ScratchFolder(taken);
    }

    /// <summary>Gives it back.</summary>
    public void Dispose() => _lock.Dispose();
}
