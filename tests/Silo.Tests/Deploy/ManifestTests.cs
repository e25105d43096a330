using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using k8s;
using k8s.Models;
using MambaQuant.Client;
using MambaQuant.Client.Submitting;
using MambaQuant.Dashboard.Hosting;
using MambaQuant.Grains.Connecting;
using MambaQuant.Silo.Configuration;
using MambaQuant.Testing;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace MambaQuant.Silo.Tests.Deploy;

public sealed class ManifestTests
{
    private const string SiloImage = "mambaquant/silo:0.1.0", ClientImage = "mambaquant/client:0.1.0";

    private const string Dashboard = "dashboard";

    private const string GpuAdmittedByKueue = "overlays/gpu + components/kueue";

    private static readonly string[] Overlays = ["overlays/local", "overlays/gpu", GpuAdmittedByKueue, TelemetryManifestTests.Measured];

    private static readonly string[] Folders = [.. Overlays, "job"];

    [KubectlFact]
    public void Folders_AllRenderAndHoldOnlyFieldsThatKubernetesKnows() =>
        Assert.All(Folders, folder => Assert.NotEmpty(Rendering.Of(folder)));

    [KubectlFact]
    public void Overlays_AreAllTested() => Assert.Equal(
        Directory.EnumerateDirectories(Path.Combine(Repository.Root, "deploy", "k8s", "overlays")).Select(path => $"overlays/{Path.GetFileName(path)}").Order(StringComparer.Ordinal),
        Overlays.Where(overlay => !overlay.Contains('+', StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [KubectlFact]
    public void Pods_RunWithoutRightsOnAReadOnlyFileSystem() => Assert.All(Folders.SelectMany(folder => Rendering.PodsOf(Rendering.Of(folder))), pod =>
    {
        V1PodSpec spec = pod.Pod.Spec;
        Assert.True(spec.SecurityContext.RunAsNonRoot);
        Assert.False(spec.AutomountServiceAccountToken);
        Assert.All(spec.Containers, container =>
        {
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Contains("memory", container.Resources.Limits.Keys);
            Assert.DoesNotContain("cpu", container.Resources.Limits.Keys);
        });
    });

    [KubectlFact]
    public void Settings_AreThoseThatTheProgramsRead() => Assert.All(Folders, folder => Assert.All(Rendering.PodsOf(Rendering.Of(folder)), pod => Assert.All(
        pod.Pod.Spec.Containers.Where(container => container.Image is SiloImage or ClientImage),
        container => Assert.Subset(container.Image == SiloImage ? ReadBySilos : ReadByClients, NamesOf(container, folder).ToHashSet(StringComparer.Ordinal)))));

    [KubectlFact]
    public void Images_AreOursOrPinned() => Assert.All(Folders.SelectMany(folder => Rendering.PodsOf(Rendering.Of(folder))).SelectMany(pod => pod.Pod.Spec.Containers), container =>
    {
        if (container.Image is not (SiloImage or ClientImage))
        {
            Assert.Matches(@"^[a-z./-]+:\d+\.\d+[a-z0-9.-]*$", container.Image);
            Assert.DoesNotContain("mambaquant", container.Image, StringComparison.Ordinal);
        }
    });

    [KubectlFact]
    public void Probes_AskWhatTheSiloAnswers_AndVolumesAreThere() => Assert.All(Folders.SelectMany(folder => Rendering.PodsOf(Rendering.Of(folder))), pod =>
    {
        Assert.All(pod.Pod.Spec.Containers, container =>
        {
            string[] ports = [.. (container.Ports ?? []).Select(port => port.Name)];
            foreach ((V1Probe? probe, string question) in ((V1Probe?, string)[])[(container.StartupProbe, "startup"), (container.ReadinessProbe, "ready"), (container.LivenessProbe, "live")])
            {
                Assert.True(probe is null || ports.Contains(probe.HttpGet?.Port.Value ?? probe.TcpSocket.Port.Value), $"{pod.Owner}: {question}");
                Assert.True(probe?.HttpGet is null || probe.HttpGet.Path == $"/health/{question}", $"{pod.Owner}: {question}");
            }

            string[] volumes = [.. (pod.Pod.Spec.Volumes ?? []).Select(volume => volume.Name)];
            Assert.All(container.VolumeMounts ?? [], mount => Assert.Contains(mount.Name, volumes));
        });
    });

    [KubectlFact]
    public void Services_AreWhereTheSettingsSay()
    {
        IReadOnlyList<object> manifests = Rendering.Of("overlays/local");
        string settings = string.Join(' ', Settings(manifests).Select(setting => setting.Value));

        Assert.All(manifests.OfType<V1Service>().Where(service => service.Metadata.Name != Dashboard), service =>
        {
            V1ServicePort port = Assert.Single(service.Spec.Ports);
            Assert.Contains($"{service.Metadata.Name}:{port.Port}", settings, StringComparison.Ordinal);
            V1PodTemplateSpec pod = Assert.Single(Rendering.PodsOf(manifests), pod => service.Spec.Selector.All(label => pod.Pod.Metadata.Labels.Contains(label))).Pod;
            Assert.Contains(pod.Spec.Containers.Single().Ports, open => open.Name == port.TargetPort.Value && open.ContainerPort == port.Port);
        });
    }

    [Fact]
    public void Images_ListenAndWriteWherePodsExpectIt()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, "deploy", "docker", "Dockerfile"));

        Assert.Contains("EXPOSE 11111 30000 8080 8090", lines);
        Assert.Contains(lines, line => line.StartsWith("ENV MambaQuant__Scratch=/scratch ", StringComparison.Ordinal));
        Assert.Contains("Scratch", SiloSettings.Known.Select(setting => setting.Name));
        Assert.Contains("VOLUME [\"/scratch\", \"/tmp\"]", lines);
    }

    [KubectlFact]
    public void Silos_StartWithWhatTheirPodsGiveThem() => Assert.All(Overlays, folder =>
    {
        IReadOnlyList<object> manifests = Rendering.Of(folder);
        Dictionary<string, string?> shared = Settings(manifests, silosOnly: true).Where(setting => setting.Value is not null)
            .GroupBy(setting => setting.Name).ToDictionary(group => group.Key.Replace("__", ":", StringComparison.Ordinal), group => group.First().Value);
        shared["MambaQuant:Redis"] = "redis:6379"; // on a real cluster the user's own secret

        SiloConfiguration read = SiloSettingsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection(shared).Build(), name => name == "POD_IP" ? "10.0.0.7" : "silo-7");

        Assert.Equal(ClusteringKind.Redis, read.Cluster.Clustering);
        Assert.All(Silos(manifests), pod =>
        {
            V1Container container = Assert.Single(pod.Spec.Containers);
            Dictionary<string, int> ports = container.Ports.ToDictionary(port => port.Name, port => port.ContainerPort);
            Assert.Equal(SiloImage, container.Image);
            Assert.Equal((read.Endpoint.SiloPort, read.Endpoint.GatewayPort, read.HealthPort), (ports["silo"], ports["gateway"], ports["health"]));
            Assert.Equal("/health/startup", container.StartupProbe.HttpGet.Path);
            Assert.Equal("/health/live", container.LivenessProbe.HttpGet.Path);
            Assert.True(pod.Spec.TerminationGracePeriodSeconds >= read.Shutdown.TotalSeconds + 20, "stopping at a safe point takes longer than the pod may");
            Assert.Equal("true", pod.Metadata.Labels["mambaquant/member"]);
        });
    });

    [KubectlFact]
    public void Arguments_OfGpuSilosAreOptions()
    {
        V1Job job = Assert.Single(Rendering.Of("overlays/gpu").OfType<V1Job>());
        string[] arguments = [.. job.Spec.Template.Spec.Containers[0].Args];

        Assert.Null(SiloArguments.Parse(arguments, out Dictionary<string, string?> settings));
        Assert.Contains("MambaQuant:ExitWhenIdle", settings.Keys);
        Assert.Equal("Indexed", job.Spec.CompletionMode);
        Assert.Contains(SiloExitCodes.Configuration, job.Spec.PodFailurePolicy.Rules.Single(rule => rule.Action == "FailJob").OnExitCodes.Values);
    }

    [KubectlFact]
    public void Kueue_AdmitsTheGpuSilos_AndChangesNothingElse()
    {
        V1Job job = Assert.Single(Rendering.Of(GpuAdmittedByKueue).OfType<V1Job>()), alone = Assert.Single(Rendering.Of("overlays/gpu").OfType<V1Job>());

        Assert.Equal("mambaquant", job.Metadata.Labels["kueue.x-k8s.io/queue-name"]);
        Assert.Equal("true", job.Metadata.Annotations["kueue.x-k8s.io/elastic-job"]);
        Assert.Contains("nvidia.com/gpu", job.Spec.Template.Spec.Containers[0].Resources.Requests.Keys); // Kueue counts what is requested
        Assert.Equal(KubernetesJson.Serialize(alone.Spec), KubernetesJson.Serialize(job.Spec));
    }

    [KubectlFact]
    public void Client_IsGivenACommandLineThatItTakes_AndEndsWithCodesThatItHas()
    {
        V1Job job = Assert.Single(Rendering.Of("job").OfType<V1Job>());
        var known = typeof(ExitCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (int)field.GetValue(null)!).ToHashSet();
        int[] final = [.. job.Spec.PodFailurePolicy.Rules.Single(rule => rule.Action == "FailJob").OnExitCodes.Values];

        Assert.Empty(CommandLine.Root.Parse([.. job.Spec.Template.Spec.Containers[0].Args]).Errors);
        Assert.Subset(known, final.ToHashSet());

        // What may pass: an unforeseen error, a store or a cluster that does not answer, memory, a job that failed, a stop.
        int[] passing = [ExitCodes.Success, ExitCodes.UnexpectedError, ExitCodes.StorageFailure, ExitCodes.OutOfMemory, ExitCodes.JobFailed, ExitCodes.ClusterUnavailable, ExitCodes.Interrupted];
        Assert.Equal([.. passing, ExitCodes.MachineNotReady], known.Except(final).Order().ToHashSet());
    }

    [KubectlFact]
    public void Client_StopsAtASafePointWithoutCountingAsFailed()
    {
        V1Job job = Assert.Single(Rendering.Of("job").OfType<V1Job>());

        Assert.Equal(ClientImage, job.Spec.Template.Spec.Containers[0].Image);
        Assert.Contains(job.Spec.PodFailurePolicy.Rules, rule => rule.Action == "Ignore" && rule.OnExitCodes?.Values is [75]);
        Assert.Contains(job.Spec.PodFailurePolicy.Rules, rule => rule.Action == "Ignore" && rule.OnPodConditions is [{ Type: "DisruptionTarget" }]);
        Assert.DoesNotContain(75, job.Spec.PodFailurePolicy.Rules.Single(rule => rule.Action == "FailJob").OnExitCodes.Values);
    }

    [KubectlFact]
    public void Ports_OfSilosAreClosedToStrangers() => Assert.All(Overlays, folder =>
    {
        V1NetworkPolicySpec policy = MembersOnly(Rendering.Of(folder));

        Assert.Equal(["Ingress"], policy.PolicyTypes);
        Assert.All(policy.Ingress, rule => Assert.NotEmpty(rule.Ports)); // a rule without ports opens all of them
        Assert.Equal(["8080"], policy.Ingress.Where(rule => rule.FromProperty is null or []).SelectMany(rule => rule.Ports).Select(port => port.Port.Value));
        Assert.Equal(["member"], Allowed(policy, "11111"));
        Assert.Equal(["client", "member"], Allowed(policy, "30000"));
        Assert.Equal(["viewer of any namespace"], Allowed(policy, "8090"));
    });

    [KubectlFact]
    public void LivePage_IsServedByLongLivedSilosOnly_WhereItsServiceLeads() => Assert.All(Overlays, folder =>
    {
        IReadOnlyList<object> manifests = Rendering.Of(folder);
        V1ServiceSpec service = Assert.Single(manifests.OfType<V1Service>(), service => service.Metadata.Name == Dashboard).Spec;
        V1ServicePort port = Assert.Single(service.Ports);
        V1PodTemplateSpec pod = Assert.Single(Rendering.PodsOf(manifests), pod => service.Selector.All(label => pod.Pod.Metadata.Labels.Contains(label))).Pod;
        V1Container container = Assert.Single(pod.Spec.Containers);

        Assert.Equal("ClusterIP", service.Type ?? "ClusterIP"); // never reachable from outside by itself
        Assert.Equal(port.Port, Assert.Single(container.Ports, open => open.Name == port.TargetPort.Value).ContainerPort);
        Assert.True(Assert.Single(container.EnvFrom, source => source.SecretRef?.Name == "mambaquant-dashboard").SecretRef.Optional);
        Assert.All(Silos(manifests).Where(silo => silo != pod), silo => Assert.DoesNotContain(silo.Spec.Containers[0].EnvFrom, source => source.SecretRef?.Name == "mambaquant-dashboard"));
    });

    [KubectlFact]
    public void LivePage_OfTheLocalOverlayHasItsTokenAndThePortOfItsService()
    {
        IReadOnlyList<object> manifests = Rendering.Of("overlays/local");
        IDictionary<string, byte[]> secret = Assert.Single(manifests.OfType<V1Secret>(), secret => secret.Metadata.Name == "mambaquant-dashboard").Data;
        var options = new DashboardOptions
        {
            Address = IPAddress.Any,
            Port = int.Parse(Encoding.UTF8.GetString(secret["MambaQuant__DashboardPort"]), CultureInfo.InvariantCulture),
            Token = Encoding.UTF8.GetString(secret["MambaQuant__DashboardToken"]),
        };

        Assert.Null(options.Problem());
        Assert.Equal(options.Port, Assert.Single(manifests.OfType<V1Service>(), service => service.Metadata.Name == Dashboard).Spec.Ports[0].Port);
    }

    [KubectlFact]
    public void Client_IsOneThatTheNetworkPolicyLetsIn()
    {
        IDictionary<string, string> labels = Assert.Single(Rendering.PodsOf(Rendering.Of("job"))).Pod.Metadata.Labels;

        Assert.All(Overlays, folder => Assert.Contains(
            MembersOnly(Rendering.Of(folder)).Ingress.Where(rule => rule.Ports.Any(port => port.Port.Value == "30000")).SelectMany(rule => rule.FromProperty),
            peer => peer.PodSelector.MatchLabels.All(labels.Contains)));
    }

    [KubectlFact]
    public void Members_AreAllThoseThatTheNetworkPolicyMeans() => Assert.All(Overlays, folder =>
    {
        IReadOnlyList<object> manifests = Rendering.Of(folder);
        V1NetworkPolicySpec policy = MembersOnly(manifests);
        IDictionary<string, string>[] selectors =
        [
            policy.PodSelector.MatchLabels,
            .. policy.Ingress.SelectMany(rule => rule.FromProperty ?? []).Select(peer => peer.PodSelector.MatchLabels).Where(labels => labels.ContainsKey("mambaquant/member")),
        ];

        Assert.All(Silos(manifests), pod => Assert.All(selectors, selector => Assert.Subset(pod.Metadata.Labels.ToHashSet(), selector.ToHashSet())));
    });

    private static HashSet<string> ReadBySilos { get; } =
        SiloSettings.Known.Select(setting => $"MambaQuant__{setting.Name}").Concat(["POD_NAME", "POD_IP", .. TelemetryManifestTests.Variables]).ToHashSet(StringComparer.Ordinal);

    private static HashSet<string> ReadByClients { get; } =
        ClusterAddressReader.Names.Append("Store").Select(ClusterSettings.VariableOf).Concat(TelemetryManifestTests.Variables).ToHashSet(StringComparer.Ordinal);

    /// <summary>Names of a container's variables. Config maps and secrets of a name without a hash may be those of another folder.</summary>
    private static IEnumerable<string> NamesOf(V1Container container, string folder)
    {
        IReadOnlyList<object>[] reachable = folder == "job" ? [Rendering.Of("overlays/local"), Rendering.Of("overlays/gpu")] : [Rendering.Of(folder)];
        return (container.Env ?? []).Select(variable => variable.Name).Concat((container.EnvFrom ?? []).SelectMany(source => reachable.SelectMany(manifests => manifests.SelectMany(manifest => manifest switch
        {
            V1ConfigMap map when map.Metadata.Name == source.ConfigMapRef?.Name => map.Data.Keys,
            V1Secret secret when secret.Metadata.Name == source.SecretRef?.Name => secret.Data.Keys,
            _ => Enumerable.Empty<string>(),
        }))));
    }

    private static V1NetworkPolicySpec MembersOnly(IReadOnlyList<object> manifests) => Assert.Single(manifests.OfType<V1NetworkPolicy>(), policy => policy.Metadata.Name == "members-only").Spec;

    /// <summary>Who may reach a port, by what follows the label's "mambaquant/".</summary>
    private static IEnumerable<string> Allowed(V1NetworkPolicySpec policy, string port) => policy.Ingress
        .Where(rule => rule.Ports.Any(open => open.Port.Value == port))
        .SelectMany(rule => rule.FromProperty)
        .Select(peer =>
        {
            Assert.Null(peer.IpBlock);
            (string label, string value) = Assert.Single(peer.PodSelector.MatchLabels); // whoever is meant need carry nothing else
            Assert.Equal("true", value);
            Assert.StartsWith("mambaquant/", label, StringComparison.Ordinal);
            return label["mambaquant/".Length..] + (peer.NamespaceSelector is null ? string.Empty : " of any namespace");
        })
        .Order(StringComparer.Ordinal);

    /// <summary>By their label, not by what is asserted of them.</summary>
    private static V1PodTemplateSpec[] Silos(IEnumerable<object> manifests)
    {
        V1PodTemplateSpec[] silos = [.. Rendering.PodsOf(manifests).Select(pod => pod.Pod).Where(pod => pod.Metadata.Labels.ContainsKey("mambaquant/member"))];
        Assert.NotEmpty(silos);
        return silos;
    }

    private static IEnumerable<(string Name, string? Value)> Settings(IReadOnlyList<object> manifests, bool silosOnly = false)
    {
        IEnumerable<V1PodTemplateSpec> pods = Rendering.PodsOf(manifests).Select(pod => pod.Pod)
            .Where(pod => pod.Spec.Containers.Any(container => container.Image == SiloImage || (!silosOnly && container.Image == ClientImage)));
        return
        [
            .. pods.SelectMany(pod => pod.Spec.Containers).SelectMany(container => container.Env ?? []).Select(variable => (variable.Name, (string?)variable.Value)),
            .. manifests.OfType<V1ConfigMap>().SelectMany(map => map.Data).Select(entry => (entry.Key, (string?)entry.Value)),
            .. manifests.OfType<V1Secret>().SelectMany(secret => secret.Data ?? new Dictionary<string, byte[]>())
                .Select(entry => (entry.Key, (string?)Encoding.UTF8.GetString(entry.Value))),
        ];
    }
}
