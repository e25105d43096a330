using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A test that needs Redis and the emulator Azurite; skipped where one of them is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RedisAndAzuriteFactAttribute : FactAttribute
{
    /// <summary>Looks for both.</summary>
    public RedisAndAzuriteFactAttribute() => Skip = RedisServer.MissingReason ?? AzuriteServer.MissingReason;
}
