using System.Text;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Planning;

public sealed class PlanDocumentTests
{
    [Theory]
    [InlineData(RecipePresets.RoundToNearest, "W8A16", false)]
    [InlineData(RecipePresets.MambaQuant, "W4A8", false)]
    [InlineData(RecipePresets.SmoothQuant, "W4A4", true)]
    public void Document_GivesThePlanBack(string preset, string scheme, bool sequential)
    {
        Recipe recipe = TinyModel.Preset(preset, scheme);
        recipe = sequential ? recipe.With(new GptqModifier(Sequential: true)) : recipe;
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(recipe, blocks: sequential ? null : 3, shards: null));
        byte[] json = PlanDocument.Write(plan);
        WorkPlan read = PlanDocument.Read(json, "plan");
        Assert.Equal(plan.Graph.Items.Select(item => item.Key), read.Graph.Items.Select(item => item.Key));
        Assert.Equal(json, PlanDocument.Write(read));
        Assert.Empty(PlanComparison.Differences(plan, read));
    }

    [Fact]
    public void OlderVersions_StayInTheDocument()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(TinyModel.Preset(RecipePresets.MambaQuant)) with
        {
            Versions = AlgorithmVersions.Current.With(WorkKind.Quantize, 7),
        });
        WorkPlan read = PlanDocument.Read(PlanDocument.Write(plan), "plan");
        Assert.Equal(plan.Id, read.Id);
        Assert.NotEqual(AlgorithmVersions.Current, read.Request.Versions);
        WorkPlan now = WorkPlanner.Plan(PlanCase.Request(TinyModel.Preset(RecipePresets.MambaQuant)));
        Assert.Equal($"version of Quantize: stored 7, asked {AlgorithmVersions.Current.Of(WorkKind.Quantize)}", Assert.Single(PlanComparison.Differences(read, now)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"formatVersion\": 99}")]
    [InlineData("[1, 2")]
    public void Nonsense_IsRefused(string text) =>
        Assert.Throws<InvalidPlanException>(() => PlanDocument.Read(Encoding.UTF8.GetBytes(text), "plan"));

    [Fact]
    public void PlanOfFormatOne_IsReadAsItWasPlanned()
    {
        PlanRequest request = PlanCase.Request(TinyModel.Preset(RecipePresets.MambaQuant)).OfFormatOne();
        WorkPlan plan = WorkPlanner.Plan(request);
        string written = Encoding.UTF8.GetString(PlanDocument.Write(plan))
            .Replace("\"formatVersion\":2", "\"formatVersion\":1", StringComparison.Ordinal)
            .Replace("\"tensors\":{},\"index\":null,", "", StringComparison.Ordinal);
        Assert.Contains("\"formatVersion\":1", written, StringComparison.Ordinal);
        Assert.DoesNotContain("\"tensors\"", written, StringComparison.Ordinal);
        Assert.Equal(plan.Id, PlanDocument.Read(Encoding.UTF8.GetBytes(written), "plan").Id);
        Assert.NotEqual(plan.Id, WorkPlanner.Plan(request.WithFile("layer-1.safetensors")).Id);
    }

    [Fact]
    public void OtherId_IsRefused()
    {
        WorkPlan plan = WorkPlanner.Plan(PlanCase.Request(TinyModel.Preset(RecipePresets.MambaQuant)));
        string changed = Encoding.UTF8.GetString(PlanDocument.Write(plan)).Replace(plan.Id, "0123456789abcdef", StringComparison.Ordinal);
        InvalidPlanException error = Assert.Throws<InvalidPlanException>(() => PlanDocument.Read(Encoding.UTF8.GetBytes(changed), "plan"));
        Assert.Contains("0123456789abcdef", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Differences_AreNamed()
    {
        PlanRequest request = PlanCase.Request(TinyModel.Preset(RecipePresets.MambaQuant));
        Assert.Equal("seed: stored 0, asked 3", Assert.Single(Differences(request with { Calibration = request.Calibration with { Seed = 3 } })));
        Assert.Equal("numerics profile: stored cpu/any, asked gpu", Assert.Single(Differences(request with { Profile = "gpu" })));
        Assert.Contains("model file layer-1.safetensors", Assert.Single(Differences(request.WithFile("layer-1.safetensors"))), StringComparison.Ordinal);
        Assert.Contains("recipe: stored", Assert.Single(Differences(request with { Recipe = request.Recipe.With(new GptqModifier(Damping: 0.5)) })), StringComparison.Ordinal);
        Assert.Contains("grid", Assert.Single(Differences(request with { Options = new PlanOptions { Blocks = 1, Shards = 2 } })), StringComparison.Ordinal);

        IReadOnlyList<string> Differences(PlanRequest asked) => PlanComparison.Differences(WorkPlanner.Plan(request), WorkPlanner.Plan(asked));
    }
}
