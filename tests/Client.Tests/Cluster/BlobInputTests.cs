using Azure.Storage.Blobs;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Cluster;

/// <summary>submit, of a model and a text that lie in a container of blobs.</summary>
public sealed class BlobInputTests : IDisposable
{
    private const string Variable = "MAMBAQUANT_TEST_SUBMITTED_MODEL";

    private readonly SiloHere _silo = new();

    public void Dispose() => _silo.Dispose();

    [NeedsAzuriteFact]
    public async Task ModelAndText_AreReadFromBlobs_AsTheSameJob_AndNoSecretIsKept()
    {
        string model = Repository.Path("samples", "mamba-5m"), text = _silo.Path("train.txt"), location = AzuriteServer.Shared.ConnectionString() + "Container=inputs-of-submit";
        await File.WriteAllTextAsync(text, string.Join(' ', Enumerable.Range(0, 2_000)));
        var container = new BlobContainerClient(AzuriteServer.Shared.ConnectionString(), "inputs-of-submit");
        await container.CreateIfNotExistsAsync();
        foreach (string file in Directory.GetFiles(model))
        {
            await container.GetBlobClient("models/mamba-5m/" + Path.GetFileName(file)).UploadAsync(file, overwrite: true);
        }

        await container.GetBlobClient("texts/train.txt").UploadAsync(text, overwrite: true);
        _silo.Start();
        string[] work = ["--preset", "rtn", "--samples", "2", "--seq-len", "16"];
        Environment.SetEnvironmentVariable(Variable, location + "/models/mamba-5m");
        try
        {
            string[] remote = ["submit", $"env:{Variable}", "--calibration", location + "/texts/train.txt", .. work, "--wait", "--out", _silo.Path("out")];

            (int code, _, string error) = _silo.Run(remote);
            CapturedRun local = new(["quantize", model, "--calibration", text, .. work, "--out", _silo.Path("local")]);

            Assert.True(code == 0, error);
            Assert.True(local.ExitCode == 0, local.Error);
            FolderBytes.AssertSame(_silo.Path("local"), _silo.Path("out"));
            string job = Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(_silo.Store, "jobs"))));
            Assert.Equal(job, _silo.Run(["submit", model, "--calibration", text, .. work]).Output.TrimEnd('\n'));
            Assert.True(Directory.Exists(Path.Combine(_silo.Store, StoredInputs.Prefix.TrimEnd('/'))));
            string[] told = [error, .. Directory.GetFiles(_silo.Path("out")).Concat(Directory.GetFiles(Path.Combine(_silo.Store, "jobs"), "*", SearchOption.AllDirectories)).Select(File.ReadAllText)];
            Assert.All(told, content => Assert.DoesNotContain(AzuriteServer.AccountKey, content, StringComparison.Ordinal));

            (code, _, error) = _silo.Run(["submit", $"env:{Variable}_OF_NOBODY", .. work]);
            Assert.Equal(ExitCodes.Usage, code);
            Assert.Contains($"MODEL: the environment variable '{Variable}_OF_NOBODY' is not set", error, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }
}
