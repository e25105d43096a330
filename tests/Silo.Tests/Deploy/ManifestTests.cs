using k8s.Models;
using MambaQuant.Grains.Connecting;
using MambaQuant.Silo.Configuration;
using MambaQuant.Testing;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace MambaQuant.Silo.Tests.Deploy;

public sealed class ManifestTests
{
    private const string SiloImage = "mambaquant/silo:0.1.0", ClientImage = "mambaquant/client:0.1.0";

    private static readonly string[] Folders = ["overlays/local", "overlays/gpu", "job"];

    [KubectlFact]
    public void Folders_AllRenderAndHoldOnlyFieldsThatKubernetesKnows() =>
        Assert.All(Folders, folder => Assert.NotEmpty(Rendering.Of(folder)));

    [KubectlFact]
    public void Overlays_AreAllTested() => Assert.Equal(
        Directory.EnumerateDirectories(Path.Combine(Repository.Root, "deploy", "k8s", "overlays")).Select(path => $"overlays/{Path.GetFileName(path)}").Order(StringComparer.Ordinal),
        Folders.Where(folder => folder.StartsWith("overlays/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

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
    public void Settings_AreThoseThatTheSiloReads()
    {
        var known = SiloSettings.Known.Select(setting => $"MambaQuant__{setting.Name}").Concat(["POD_NAME", "POD_IP"]).ToHashSet(StringComparer.Ordinal);

        Assert.All(Folders, folder => Assert.Subset(known, Settings(Rendering.Of(folder)).Select(setting => setting.Name).ToHashSet(StringComparer.Ordinal)));
    }

    [KubectlFact]
    public void Silos_StartWithWhatTheirPodsGiveThem() => Assert.All((string[])["overlays/local", "overlays/gpu"], folder =>
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
    public void Client_StopsAtASafePointWithoutCountingAsFailed()
    {
        V1Job job = Assert.Single(Rendering.Of("job").OfType<V1Job>());

        Assert.Equal(ClientImage, job.Spec.Template.Spec.Containers[0].Image);
        Assert.Contains(job.Spec.PodFailurePolicy.Rules, rule => rule.Action == "Ignore" && rule.OnExitCodes?.Values is [75]);
        Assert.Contains(job.Spec.PodFailurePolicy.Rules, rule => rule.Action == "Ignore" && rule.OnPodConditions is [{ Type: "DisruptionTarget" }]);
        Assert.DoesNotContain(75, job.Spec.PodFailurePolicy.Rules.Single(rule => rule.Action == "FailJob").OnExitCodes.Values);
    }

    [KubectlFact]
    public void Ports_OfSilosAreClosedToStrangers()
    {
        V1NetworkPolicy policy = Assert.Single(Rendering.Of("overlays/local").OfType<V1NetworkPolicy>());

        Assert.Equal(["Ingress"], policy.Spec.PolicyTypes);
        Assert.All(
            policy.Spec.Ingress.Where(rule => rule.FromProperty is null or []),
            open => Assert.DoesNotContain(open.Ports, port => port.Port.Value is "11111" or "30000"));
    }

    [KubectlFact]
    public void Members_AreAllThoseThatTheNetworkPolicyMeans() => Assert.All((string[])["overlays/local", "overlays/gpu"], folder =>
    {
        IReadOnlyList<object> manifests = Rendering.Of(folder);
        V1NetworkPolicySpec policy = Assert.Single(manifests.OfType<V1NetworkPolicy>()).Spec;
        IDictionary<string, string>[] selectors =
        [
            policy.PodSelector.MatchLabels,
            .. policy.Ingress.SelectMany(rule => rule.FromProperty ?? []).Select(peer => peer.PodSelector.MatchLabels).Where(labels => labels.ContainsKey("mambaquant/member")),
        ];

        Assert.All(Silos(manifests), pod => Assert.All(selectors, selector => Assert.Subset(pod.Metadata.Labels.ToHashSet(), selector.ToHashSet())));
    });

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
                .Select(entry => (entry.Key, (string?)System.Text.Encoding.UTF8.GetString(entry.Value))),
        ];
    }
}
