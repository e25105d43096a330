using System.Collections.Concurrent;
using System.Diagnostics;
using k8s;
using k8s.Models;
using MambaQuant.Testing;

namespace MambaQuant.Silo.Tests.Deploy;

/// <summary>What <c>kubectl kustomize</c> makes of a folder below deploy/k8s, read strictly: a field that Kubernetes does not know is an error.</summary>
internal static class Rendering
{
    private static readonly Dictionary<string, Type> Kinds = new()
    {
        ["v1/Namespace"] = typeof(V1Namespace),
        ["v1/ConfigMap"] = typeof(V1ConfigMap),
        ["v1/Secret"] = typeof(V1Secret),
        ["v1/Service"] = typeof(V1Service),
        ["v1/ServiceAccount"] = typeof(V1ServiceAccount),
        ["apps/v1/Deployment"] = typeof(V1Deployment),
        ["batch/v1/Job"] = typeof(V1Job),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
        ["monitoring.coreos.com/v1/ServiceMonitor"] = typeof(ServiceMonitor),
    };

    /// <summary>Why manifests cannot be rendered here, or null.</summary>
    public static string? MissingReason { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "kubectl")))
            ? null
            : "needs kubectl on the PATH";

    private static readonly ConcurrentDictionary<string, IReadOnlyList<object>> Rendered = new(StringComparer.Ordinal);

    /// <summary>Renders and reads, each folder once: kubectl takes a second or two.</summary>
    /// <param name="folder">The folder, such as "overlays/local"; with a component, as people are told to add one: "overlays/gpu + components/kueue".</param>
    public static IReadOnlyList<object> Of(string folder) => Rendered.GetOrAdd(folder, Read);

    private static IReadOnlyList<object> Read(string folder)
    {
        string[] parts = folder.Split(" + ");
        string root = Path.Combine(Repository.Root, "deploy");
        if (parts.Length == 1)
        {
            return Render(Path.Combine(root, "k8s", folder));
        }

        using var copy = new TemporaryDirectory();
        foreach (string file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            string target = copy.File(Path.GetRelativePath(root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        string kustomization = copy.File(Path.Combine("k8s", parts[0], "kustomization.yaml"));
        List<string> lines = [.. File.ReadAllLines(kustomization)];
        lines.InsertRange(lines.FindLastIndex(line => line.Contains("/components/", StringComparison.Ordinal)) + 1, parts[1..].Select(component => $"  - ../../{component}"));
        File.WriteAllLines(kustomization, lines);
        return Render(copy.File(Path.Combine("k8s", parts[0])));
    }

    private static IReadOnlyList<object> Render(string path)
    {
        using Process process = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", path]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? KubernetesYaml.LoadAllFromString(text, Kinds, strict: true)
            : throw new InvalidOperationException($"kubectl kustomize {path}: {error.Result}");
    }

    /// <summary>The pods that manifests ask for, by the name of what asks.</summary>
    /// <param name="manifests">The manifests.</param>
    public static IEnumerable<(string Owner, V1PodTemplateSpec Pod)> PodsOf(IEnumerable<object> manifests) => manifests.SelectMany(
        manifest => manifest switch
        {
            V1Deployment deployment => ((string, V1PodTemplateSpec)[])[(deployment.Metadata.Name, deployment.Spec.Template)],
            V1Job job => [(job.Metadata.Name, job.Spec.Template)],
            _ => [],
        });
}
