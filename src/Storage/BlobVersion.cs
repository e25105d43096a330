using Azure;

namespace MambaQuant.Storage;

/// <summary>A blob as it was seen.</summary>
/// <param name="Length">Its bytes.</param>
/// <param name="Tag">What the service calls this version of it.</param>
/// <param name="LastWrite">When it was written, in UTC.</param>
internal sealed record BlobVersion(long Length, ETag Tag, DateTime? LastWrite);
