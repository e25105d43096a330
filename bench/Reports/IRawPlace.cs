namespace MambaQuant.Reports;

/// <summary>What a store is made of, used without one: the fastest plain way to put and get as many bytes.</summary>
internal interface IRawPlace
{
    /// <summary>Writes a content under a name.</summary>
    Task PutAsync(string name, byte[] piece, long length);

    /// <summary>Reads it in pieces and drops them.</summary>
    Task GetAsync(string name, byte[] piece);

    /// <summary>Deletes it.</summary>
    Task DeleteAsync(string name);
}
