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
    };

    /// <summary>Why manifests cannot be rendered here, or null.</summary>
    public static string? MissingReason { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "kubectl")))
            ? null
            : "needs kubectl on the PATH";

    /// <summary>Renders and reads.</summary>
    /// <param name="folder">The folder, such as "overlays/local".</param>
    public static IReadOnlyList<object> Of(string folder)
    {
        string path = Path.Combine(Repository.Root, "deploy", "k8s", folder);
        using Process process = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", path]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? KubernetesYaml.LoadAllFromString(text, Kinds, strict: true)
            : throw new InvalidOperationException($"kubectl kustomize {folder}: {error.Result}");
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
