using System.Collections.Immutable;
using k8s.Models;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace MambaQuant.Silo.Tests.Deploy;

/// <summary>The collector beside the silos, and who sends and reads there.</summary>
public sealed class TelemetryManifestTests
{
    /// <summary>An overlay with everything that concerns telemetry.</summary>
    public const string Measured = "overlays/gpu + components/telemetry + components/service-monitor + ../grafana";

    /// <summary>Variables that programs read for telemetry, or that stand for parts of them.</summary>
    public static ImmutableArray<string> Variables { get; } =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_RESOURCE_ATTRIBUTES", "POD_NAMESPACE", "NODE_NAME"];

    [KubectlFact]
    public void Silos_SendToTheCollector_AndSayWhoTheyAre()
    {
        IReadOnlyList<object> manifests = Rendering.Of(Measured);
        V1Service collector = Collector(manifests);
        V1Container container = Assert.Single(Assert.Single(manifests.OfType<V1Deployment>(), deployment => deployment.Metadata.Name == "collector").Spec.Template.Spec.Containers);
        Assert.All(collector.Spec.Ports, port => Assert.Contains(container.Ports, open => open.ContainerPort == port.Port));

        (string Owner, V1PodTemplateSpec Pod)[] silos = [.. Rendering.PodsOf(manifests).Where(pod => pod.Pod.Metadata.Labels.ContainsKey("mambaquant/member"))];
        Assert.Equal(["gpu-silos", "silo"], silos.Select(silo => silo.Owner).Order(StringComparer.Ordinal));
        Assert.All(silos, silo =>
        {
            V1Container program = Assert.Single(silo.Pod.Spec.Containers);
            V1ConfigMap settings = Assert.Single(manifests.OfType<V1ConfigMap>(), map => program.EnvFrom.Any(source => source.ConfigMapRef?.Name == map.Metadata.Name));
            var endpoint = new Uri(settings.Data["OTEL_EXPORTER_OTLP_ENDPOINT"]);
            Assert.Equal(collector.Metadata.Name, endpoint.Host);
            Assert.Contains(collector.Spec.Ports, port => port.Port == endpoint.Port && port.Name == "otlp-grpc");
            Assert.Equal("grpc", settings.Data["OTEL_EXPORTER_OTLP_PROTOCOL"]);

            // Kubernetes puts in only what stands before.
            string[] names = [.. program.Env.Select(variable => variable.Name)];
            int place = Array.IndexOf(names, "OTEL_RESOURCE_ATTRIBUTES");
            Assert.All(new[] { "POD_NAME", "POD_NAMESPACE", "NODE_NAME" }, name => Assert.InRange(Array.IndexOf(names, name), 0, place - 1));
        });
        Assert.Equal("http://collector:4317", Assert.Single(manifests.OfType<V1ConfigMap>(), map => map.Metadata.Name == "mambaquant-client").Data["OTEL_EXPORTER_OTLP_ENDPOINT"]);
    }

    [KubectlFact]
    public void Collector_TakesWhatIsSent_AndShowsItWherePrometheusLooks()
    {
        IReadOnlyList<object> manifests = Rendering.Of(Measured);
        V1Deployment deployment = Assert.Single(manifests.OfType<V1Deployment>(), deployment => deployment.Metadata.Name == "collector");
        V1ConfigMap map = Assert.Single(manifests.OfType<V1ConfigMap>(), map => map.Metadata.Name == deployment.Spec.Template.Spec.Volumes.Single().ConfigMap.Name);
        string file = Assert.Single(deployment.Spec.Template.Spec.Containers).Args.Single().Split('/')[^1];
        var yaml = new YamlStream();
        yaml.Load(new StringReader(map.Data[file]));
        YamlNode root = yaml.Documents[0].RootNode;
        string[] listens = [.. Texts(root, "endpoint").Select(address => address.Split(':')[^1])];
        Assert.All(deployment.Spec.Template.Spec.Containers[0].Ports, port => Assert.Contains($"{port.ContainerPort}", listens));
        foreach (string signal in new[] { "metrics", "traces", "logs" })
        {
            YamlNode pipeline = root["service"]["pipelines"][signal];
            foreach (string kind in new[] { "receivers", "processors", "exporters" })
            {
                Assert.All((YamlSequenceNode)pipeline[kind], name => Assert.Contains(name, ((YamlMappingNode)root[kind]).Children.Keys));
            }
        }

        V1Service collector = Collector(manifests);
        ServiceMonitorSpec monitor = Assert.Single(manifests.OfType<ServiceMonitor>()).Spec;
        ScrapedEndpoint scraped = Assert.Single(monitor.Endpoints);
        Assert.True(scraped.HonorLabels);
        Assert.Equal("8889", Assert.Single(collector.Spec.Ports, port => port.Name == scraped.Port).Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.All(monitor.Selector.MatchLabels, label => Assert.Equal(label.Value, collector.Metadata.Labels[label.Key]));
    }

    [KubectlFact]
    public void Collector_HearsThoseOfItsClusterOnly_AndIsReadByPrometheus()
    {
        IReadOnlyList<object> manifests = Rendering.Of(Measured);
        V1PodTemplateSpec collector = Assert.Single(manifests.OfType<V1Deployment>(), deployment => deployment.Metadata.Name == "collector").Spec.Template;
        V1NetworkPolicySpec policy = Assert.Single(manifests.OfType<V1NetworkPolicy>(), policy => policy.Metadata.Name == "collector").Spec;

        Assert.Equal(["Ingress"], policy.PolicyTypes);
        Assert.All(policy.PodSelector.MatchLabels, label => Assert.Equal(label.Value, collector.Metadata.Labels[label.Key]));
        Assert.Equal(["4317", "4318", "8889"], policy.Ingress.SelectMany(rule => rule.Ports).Select(port => port.Port.Value).Order(StringComparer.Ordinal));
        Assert.All(policy.Ingress, rule => Assert.NotEmpty(rule.FromProperty));
        Assert.Equal(
            ["mambaquant/client", "mambaquant/member"],
            policy.Ingress.Single(rule => rule.Ports.Any(port => port.Port.Value == "4317")).FromProperty.SelectMany(peer => peer.PodSelector.MatchLabels.Keys).Order(StringComparer.Ordinal));
    }

    [KubectlFact]
    public void Dashboards_AreConfigMapsThatTheSidecarFinds()
    {
        V1ConfigMap[] dashboards = [.. Rendering.Of(Measured).OfType<V1ConfigMap>().Where(map => map.Metadata.Labels?.ContainsKey("grafana_dashboard") == true)];

        Assert.Equal(["mambaquant-cluster.json", "mambaquant-jobs.json"], dashboards.SelectMany(map => map.Data.Keys).Order(StringComparer.Ordinal));
    }

    private static V1Service Collector(IReadOnlyList<object> manifests) => Assert.Single(manifests.OfType<V1Service>(), service => service.Metadata.Name == "collector");

    private static IEnumerable<string> Texts(YamlNode node, string key) => node switch
    {
        YamlMappingNode map => map.Children.SelectMany(child => child is { Key: YamlScalarNode { Value: { } name }, Value: YamlScalarNode text } && name == key
            ? [text.Value!]
            : Texts(child.Value, key)),
        YamlSequenceNode list => list.SelectMany(child => Texts(child, key)),
        _ => [],
    };
}
