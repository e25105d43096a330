using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Inputs;

public sealed class InputUploadTests : IDisposable
{
    private readonly TinyModel _model = new();
    private readonly MemoryArtifactStore _inner = new();
    private readonly CountingStore _store;
    private readonly ModelIdentity _identity;
    private readonly List<UploadProgress> _heard = [];

    public InputUploadTests()
    {
        _store = new CountingStore(_inner);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(_model.Path);
        _identity = ModelIdentity.Of(checkpoint);
    }

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task SecondUpload_LooksAtEachFile_AndSendsNothing()
    {
        InputPlace first = await UploadAsync();
        Assert.Equal(InputKind.Stored, first.Kind);
        Assert.Equal(_identity.Files, first.Files);
        Assert.Equal(_identity.Files.Values.Select(StoredInputs.NameOf).Order(StringComparer.Ordinal), _inner.Names);
        long total = _identity.Files.Keys.Sum(name => new FileInfo(Path.Combine(_model.Path, name)).Length);
        Assert.Equal((total, total, total), (_heard[^1].DoneBytes, _heard[^1].TotalBytes, _heard[^1].SentBytes));

        int puts = _store.Puts.Count, heads = _store.Heads.Count;
        Assert.Equal(first, await UploadAsync());
        Assert.Equal(puts, _store.Puts.Count);
        Assert.Equal(heads + _identity.Files.Count, _store.Heads.Count);
        Assert.Equal((total, total, 0L), (_heard[^1].DoneBytes, _heard[^1].TotalBytes, _heard[^1].SentBytes));
    }

    [Fact]
    public async Task FileThatChangedSinceItWasHashed_IsRefused_AndLeavesNothing()
    {
        (TinyModel.Synthetic with { Seed = 8 }).Write(_model.Path);
        ChangedInputException refusal = await Assert.ThrowsAsync<ChangedInputException>(() => UploadAsync());
        Assert.Contains($"expected SHA-256 {_identity.Files["model.safetensors"]}, found ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(StoredInputs.NameOf(_identity.Files["model.safetensors"]), _inner.Names);
    }

    [Fact]
    public async Task StoppedUpload_LeavesWholeFilesOnly_AndTheNextOneSendsTheRest()
    {
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new InputUpload(_store).PutModelAsync(
            ModelFolder.Open(_model.Path), _identity, new Heard(progress => stop.Cancel()), stop.Token));
        Assert.True(_inner.Names.Count < _identity.Files.Count);
        await UploadAsync();
        Assert.Equal(_identity.Files.Count, _inner.Names.Count);
    }

    [Fact]
    public async Task ModelInTheStore_GivesTheWeightsOfTheFolder()
    {
        string sharded = _model.File("sharded");
        ModelCopies.Reshard(_model.Path, sharded, fileBytes: 2000);
        using MambaCheckpoint folder = MambaCheckpoint.Open(sharded);
        ModelIdentity identity = ModelIdentity.Of(folder);
        Assert.NotNull(identity.Index);
        Assert.Equal(_identity.Tensors, identity.Tensors);
        InputPlace place = await new InputUpload(_store).PutModelAsync(ModelFolder.Open(sharded), identity, null, default);
        var files = new StoredModelFiles(_store, place.Files);
        using MambaCheckpoint stored = MambaCheckpoint.Open(files);
        Assert.Equal(folder.Tensors.Names, stored.Tensors.Names);
        foreach (string name in folder.Tensors.Names)
        {
            Assert.Equal(folder.Tensors.Get(name).ReadFloat32(), stored.Tensors.Get(name).ReadFloat32());
        }

        Assert.Equal(File.ReadAllBytes(Path.Combine(sharded, "config.json")), files.ReadAll("config.json"));
        Assert.Contains("config.json", Assert.Throws<FileNotFoundException>(() => files.Open("vocab.json")).Message, StringComparison.Ordinal);
    }

    private Task<InputPlace> UploadAsync() =>
        new InputUpload(_store).PutModelAsync(ModelFolder.Open(_model.Path), _identity, new Heard(_heard.Add), default);

    private sealed class Heard(Action<UploadProgress> hear) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value) => hear(value);
    }
}
