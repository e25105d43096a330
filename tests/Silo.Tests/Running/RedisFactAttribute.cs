using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>A test that needs Redis; skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RedisFactAttribute : FactAttribute
{
    /// <summary>Looks for Redis.</summary>
    public RedisFactAttribute() => Skip = RedisServer.MissingReason;
}
