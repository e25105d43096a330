using System.Text.Json;

namespace MambaQuant.Dashboard.Tests.Hosting;

/// <summary>An event of a stream.</summary>
internal sealed record PageEvent(string Name, string Id, int Length, JsonElement Data);
