using System.Text;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Pipeline.Tests.Planning;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Inputs;

public sealed class JobRequestTests
{
    private readonly MemoryArtifactStore _store = new();

    private static JobRequest Request { get; } = new()
    {
        Job = "0123456789abcdef",
        Name = "tiny W8A8",
        Order = 7,
        Model = InputPlace.Stored([KeyValuePair.Create("config.json", PlanCase.Hash('a')), KeyValuePair.Create("model.safetensors", PlanCase.Hash('b'))]),
        Text = InputPlace.Stored([KeyValuePair.Create("text.txt", PlanCase.Hash('c'))]),
        EvaluationText = InputPlace.Mounted("/data/eval.txt"),
        ModelName = "tiny",
        Recipe = "mambaquant",
        Scheme = "W8A8",
        Words = new InputWords { Model = "models/tiny", Calibration = "text.txt" },
    };

    [Fact]
    public async Task Request_IsReadAsItWasPut_AndTheFirstStays()
    {
        Assert.Null(await StoredRequests.FindAsync(_store, Request.Job, default));
        Assert.Equal(Request, await StoredRequests.PutAsync(_store, Request, default));
        Assert.Equal(Request, await StoredRequests.PutAsync(_store, Request with { Order = 9 }, default));
        Assert.Equal(Request, await StoredRequests.FindAsync(_store, Request.Job, default));
        _store.Damage(StoredRequests.NameOf(Request.Job), 3);
        await Assert.ThrowsAsync<CorruptArtifactException>(() => StoredRequests.FindAsync(_store, Request.Job, default));
        Assert.Equal(9, (await StoredRequests.PutAsync(_store, Request with { Order = 9 }, default)).Order);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"formatVersion\":2}")]
    [InlineData("[")]
    public void Nonsense_IsRefused(string text) =>
        Assert.Throws<InvalidRequestException>(() => JobRequest.FromJson(Encoding.UTF8.GetBytes(text), "here"));

    [Fact]
    public void OtherVersions_AreRefused_AndMembersOfLaterOnesPassedOver()
    {
        string json = Encoding.UTF8.GetString(Request.ToJson());
        byte[] other = Encoding.UTF8.GetBytes(json.Replace("\"formatVersion\":1", "\"formatVersion\":2", StringComparison.Ordinal));
        byte[] later = Encoding.UTF8.GetBytes(json.Replace("\"order\":7", "\"order\":7,\"color\":\"blue\"", StringComparison.Ordinal));

        Assert.Contains("'here'", Assert.Throws<InvalidRequestException>(() => JobRequest.FromJson(other, "here")).Message, StringComparison.Ordinal);
        Assert.NotEqual(Request.ToJson(), later);
        Assert.Equal(Request, JobRequest.FromJson(later, "here"));
    }

    [Theory]
    [InlineData("https://account.blob.core.windows.net/models?sv=1&sig=SECRET")]
    [InlineData("DefaultEndpointsProtocol=https;AccountKey=SECRET")]
    [InlineData("models/tiny")]
    public void Address_IsNoMountedPath_SoThatNoKeyComesIntoARequest(string address)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => InputPlace.Mounted(address));
        Assert.DoesNotContain("SECRET", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequestThatDoesNotFitThePlan_IsRefused()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(TinyModel.Preset(RecipePresets.MambaQuant)));
        InvalidRequestException other = Assert.Throws<InvalidRequestException>(() => JobInputs.Open(_store, plan, Request));
        Assert.Contains("'config.json' of SHA-256 cccc", other.Message, StringComparison.Ordinal);
        InputPlace model = InputPlace.Stored(plan.Request.Model.Files);
        Assert.Contains(
            $"the text '{plan.Request.Calibration.Source}'",
            Assert.Throws<InvalidRequestException>(() => JobInputs.Open(_store, plan, Request with { Model = model, Text = InputPlace.Self })).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "there is no folder '/nowhere/model' on this machine",
            Assert.Throws<ChangedInputException>(() => JobInputs.Open(_store, plan, Request with { Model = InputPlace.Mounted("/nowhere/model") })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_IsWhatNoRequestNames_AndBeforeThereIsOneWhatNoPlanNames()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(TinyModel.Preset(RecipePresets.MambaQuant)));
        string config = StoredInputs.NameOf(plan.Request.Model.Files["config.json"]), layer = StoredInputs.NameOf(plan.Request.Model.Files["layer-1.safetensors"]);
        string other = StoredInputs.NameOf(PlanCase.Hash('9'));
        foreach (string name in (string[])[config, layer, other])
        {
            await _store.PutIfAbsentAsync(name, async (stream, token) => await stream.WriteAsync("input"u8.ToArray(), token), default);
        }

        await StoredPlans.PutAsync(_store, plan, default);
        Assert.Equal([other], await GarbageAsync());
        JobRequest request = Request with { Job = plan.Id, Model = InputPlace.Stored([KeyValuePair.Create("config.json", plan.Request.Model.Files["config.json"])]) };
        await StoredRequests.PutAsync(_store, request, default);
        Assert.Equal([layer, other], (await GarbageAsync()).Order(StringComparer.Ordinal));
        _store.Damage(StoredRequests.NameOf(plan.Id), 3);
        Assert.Equal([other], await GarbageAsync());

        StoreGarbage all = await StoreGarbage.FindAsync(_store, new HashSet<string> { plan.Id }, default);
        Assert.Equal(3, all.Inputs.Length);
        Assert.Equal(5, await all.DeleteAsync(default));
        Assert.Empty(_store.Names);
    }

    private async Task<IEnumerable<string>> GarbageAsync() =>
        (await StoreGarbage.FindAsync(_store, new HashSet<string>(), default)).Inputs.Select(input => input.Name);
}
