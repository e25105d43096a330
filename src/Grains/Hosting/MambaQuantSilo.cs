using MambaQuant.Grains.Jobs;
using MambaQuant.Grains.Placement;
using MambaQuant.Grains.Workers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace MambaQuant.Grains.Hosting;

/// <summary>Composes a silo that keeps jobs and works on them.</summary>
public static class MambaQuantSilo
{
    /// <summary>Adds jobs, the directory and this silo's slots. Clustering, endpoints and the silo's name are the caller's.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="options">What it works with.</param>
    /// <exception cref="ArgumentException">Options make no sense; the message says which.</exception>
    public static ISiloBuilder AddMambaQuant(this ISiloBuilder silo, MambaQuantSiloOptions options)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(options);
        ThrowIfInvalid(options);
        silo.UseSiloMetadata(SlotMetadata.Of(options));
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = options.CallTimeout);
        silo.Configure<ClusterMembershipOptions>(WatchEachOther);
        IServiceCollection services = silo.Services;
        services.AddSingleton(options);
        services.AddSingleton<SiloMembers>();
        services.AddSingleton<StepDowns>();
        services.AddSingleton(options.Executors ?? new RequestedExecutorFactory());
        services.AddSingleton<SlotHost>();
        services.AddSingleton<ISlotOccupancy>(provider => provider.GetRequiredService<SlotHost>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<SlotHost>());
        services.AddPlacementFilter<OnSlotSiloStrategy, OnSlotSiloDirector>(ServiceLifetime.Transient);
        services.AddPlacementFilter<OnLastingSiloStrategy, OnLastingSiloDirector>(ServiceLifetime.Transient);
        return silo;
    }

    /// <summary>How soon silos declare another one dead, and the grains that lived there, among them those that drive jobs, begin anew elsewhere.</summary>
    /// <remarks>
    /// A silo whose process is gone refuses three probes, one every 1.5 to 5 s. One that hangs or is cut off keeps its connections: it counts as alive as
    /// long as it was heard of within <see cref="ClusterMembershipOptions.MaxProbeTimeout"/> times
    /// <see cref="ClusterMembershipOptions.NumMissedProbesLimit"/>, which are 15 s here, as long as the usual lease, and a minute by default. A silo that
    /// is merely busy says something within that time: it renews its leases, announces its slots and answers some probe.
    /// </remarks>
    private static void WatchEachOther(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = TimeSpan.FromSeconds(3);
        membership.MaxProbeTimeout = TimeSpan.FromSeconds(5);
        membership.NumMissedProbesLimit = 3;
    }

    private static void ThrowIfInvalid(MambaQuantSiloOptions options)
    {
        List<string> problems = [.. options.Scheduling.Problems];
        if (options.Slots.Select(slot => slot.Device).Distinct(StringComparer.Ordinal).Count() != options.Slots.Length)
        {
            problems.Add("two slots have the same device");
        }

        if (options.Backends.MostWorkers < options.Slots.Length)
        {
            problems.Add($"there are {options.Slots.Length} slots and backends for {options.Backends.MostWorkers}");
        }

        problems.AddRange(options.Slots
            .Where(slot => slot.Device.Length == 0 || slot.Device.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.')))
            .Select(slot => $"'{slot.Device}' is no name of a device: expected letters, digits, '-', '_' and '.'"));
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }
    }
}
