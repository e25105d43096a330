using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MambaQuant.Silo.Health;

/// <summary>The three questions that Kubernetes asks: has it started, may it get work, is it alive.</summary>
internal static class HealthEndpoints
{
    private const string Startup = "startup", Ready = "ready", Live = "live";

    /// <summary>Registers the checks.</summary>
    /// <param name="services">The services.</param>
    public static void AddSiloHealth(this IServiceCollection services) => services.AddHealthChecks()
        .AddCheck<MemberCheck>("member", tags: [Startup, Ready])
        .AddCheck<StoreCheck>("store", tags: [Ready])
        .AddCheck<AliveCheck>("alive", tags: [Live]);

    /// <summary>Maps /health/startup, /health/ready and /health/live.</summary>
    /// <param name="routes">The routes.</param>
    public static void MapSiloHealth(this IEndpointRouteBuilder routes)
    {
        foreach (string question in (string[])[Startup, Ready, Live])
        {
            routes.MapHealthChecks($"/health/{question}", new HealthCheckOptions { Predicate = check => check.Tags.Contains(question) });
        }
    }
}
