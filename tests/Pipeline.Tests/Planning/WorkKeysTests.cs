using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Planning;

/// <summary>A change of an input changes the keys of what reads it and of everything that reads that in turn, and no other key.</summary>
public sealed class WorkKeysTests
{
    private static readonly Recipe _recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");

    private static readonly WorkKind[] _firstPass =
    [
        WorkKind.Tokenize, WorkKind.ObserveOriginal, WorkKind.ReduceOriginal, WorkKind.ObserveRanges, WorkKind.ReduceRanges, WorkKind.ResidualRotation,
    ];

    [Fact]
    public void SameRequest_SameKeys()
    {
        WorkPlan one = Plan(_recipe), two = Plan(_recipe);
        Assert.Equal(one.Id, two.Id);
        Assert.Equal(one.Graph.Items.Select(item => item.Key), two.Graph.Items.Select(item => item.Key));
        Assert.Equal(one.Graph.Items.Length, one.Graph.Items.Select(item => item.Key).Distinct().Count());
    }

    [Fact]
    public void Keys_DependOnNoVersionButThoseOfAlgorithms()
    {
        // Written down, so that another .NET, another machine and another release of the program compare with it. It may change with the versions of
        // algorithms and with what keys hold, and then the plans that are in stores are those of another program.
        WorkPlan plan = WorkPlanner.Plan(Request(_recipe) with { Profile = "any" });
        Assert.Equal("bdae94e3fd262f89", plan.Id);
        Assert.Equal("b41f85db98e8d495", WorkPlanner.Plan(plan.Request.OfFormatOne()).Id);
    }

    [Fact]
    public void SameTensorsInOtherFiles_ChangeTheManifestOnly() => AssertChanges(
        request => request with
        {
            Model = request.Model with
            {
                Index = PlanCase.Hash('9'),
                Files = request.Model.Files.RemoveRange(request.Model.Files.Keys.Where(file => file.EndsWith(".safetensors", StringComparison.Ordinal)))
                    .Add("model-00001-of-00002.safetensors", PlanCase.Hash('7')).Add("model-00002-of-00002.safetensors", PlanCase.Hash('8')),
            },
        },
        WorkKind.Assemble);

    [Fact]
    public void SameBytesOfAnotherType_ChangeWhatReadsThem() => Assert.NotEqual(
        WorkPlanner.Plan(Request(_recipe)).Find(WorkKind.Quantize, 1)!.Key,
        WorkPlanner.Plan(Request(_recipe) with
        {
            Model = Request(_recipe).Model with
            {
                Tensors = Request(_recipe).Model.Tensors.SetItem("backbone.layers.1.mixer.in_proj.weight", new TensorIdentity(DType.F16, PlanCase.Hash('1'))),
            },
        }).Find(WorkKind.Quantize, 1)!.Key);

    [Fact]
    public void Seed_ChangesTheSequencesAndTheManifest() => AssertChanges(
        request => request with { Calibration = request.Calibration with { Seed = 9 } }, WorkKind.Tokenize, WorkKind.Assemble);

    [Fact]
    public void SameBytesReadInAnotherFormat_ChangeWhatReadsTheText()
    {
        PlanRequest request = Request(_recipe);
        WorkPlan Named(string source) => WorkPlanner.Plan(request with { Calibration = request.Calibration with { Source = source } });

        Assert.Equal(Named("one.txt").Find(WorkKind.Tokenize)!.Key, Named("one.txt").Find(WorkKind.Tokenize)!.Key);
        Assert.NotEqual(Named("one.txt").Find(WorkKind.Tokenize)!.Key, Named("one.jsonl").Find(WorkKind.Tokenize)!.Key);
    }

    [Fact]
    public void OneByteOfALayer_ChangesWhatReadsThatLayer() => AssertChanges(
        request => request.WithFile("layer-2.safetensors"),
        item => item.Kind == WorkKind.Assemble
            || (item.Kind is not (WorkKind.Transform or WorkKind.ReduceOriginal or WorkKind.ReduceRanges or WorkKind.ReduceMoments or WorkKind.ReduceTransformed)
                && item.First <= 2 && item.First + item.Count > 2));

    [Fact]
    public void OneByteOfTheEnds_ChangesWhatReadsThem() => AssertChanges(
        request => request.WithFile("ends.safetensors"),
        item => item.Kind is WorkKind.Assemble or WorkKind.ObserveTransformed
            || item.Kind is WorkKind.ObserveOriginal or WorkKind.ObserveRanges or WorkKind.ObserveMoments
            || (item.Kind == WorkKind.Quantize && item.First == 4));

    [Fact]
    public void AlgorithmVersion_ChangesItsKind()
    {
        foreach (WorkKind kind in Plan(_recipe).Graph.Items.Select(item => item.Kind).Distinct())
        {
            AssertChanges(request => request with { Versions = request.Versions.With(kind, request.Versions.Of(kind) + 1) }, kind);
        }
    }

    [Fact]
    public void Profile_ChangesAllButTheReadingOfText() =>
        AssertChanges(request => request with { Profile = "gpu" }, item => item.Kind != WorkKind.Tokenize);

    [Fact]
    public void Scheme_ChangesSearchQuantizationAndMoments()
    {
        AssertChanges(
            _ => Request(TinyModel.Preset(RecipePresets.MambaQuant, "W4A6")), WorkKind.SearchSmoothing, WorkKind.Quantize, WorkKind.Assemble);
        AssertChanges(
            request => request with { Recipe = _recipe.With(_recipe.Gptq! with { Damping = 0.02 }) }, item => item.Kind is WorkKind.Quantize or WorkKind.Assemble);
    }

    [Fact]
    public void Rotations_ChangeWhatIsMadeWithThem()
    {
        AssertChanges(
            request => request with { Recipe = _recipe.With(new KltRotationModifier(RotationSite.ResidualStream, Centered: false)) },
            WorkKind.ResidualRotation, WorkKind.Assemble);
        AssertChanges(
            request => request with { Recipe = _recipe.With(new KltRotationModifier(RotationSite.TimeStepRank, Centered: false)) },
            WorkKind.SearchSmoothing, WorkKind.Transform, WorkKind.Assemble);
    }

    [Fact]
    public void Smoothing_ChangesTheSearch() => AssertChanges(
        request => request with { Recipe = _recipe.With(new SmoothingModifier(SmoothingSite.ScanState, SmoothingStrength.Search(0.1))) },
        WorkKind.SearchSmoothing, WorkKind.Assemble);

    [Fact]
    public void SearchSamples_ChangeTheShardsThatKeepThem()
    {
        // Three sequences a shard: the second keeps one of four before, none of three.
        AssertChanges(
            request => request with { Calibration = request.Calibration with { SearchSamples = 3 } },
            item => item.Kind is WorkKind.SearchSmoothing or WorkKind.Assemble || item is { Kind: WorkKind.ObserveOriginal, Shard: 1 });
    }

    [Theory]
    [InlineData(RecipePresets.SmoothQuant)]
    [InlineData(RecipePresets.QuaRot)]
    [InlineData(RecipePresets.MambaQuantPortable)]
    [InlineData(RecipePresets.MambaQuant)]
    public void AnotherScheme_SharesEveryItemOfTheFirstPass(string preset)
    {
        // What W8A8 observes, and the moments of W4A8, in whatever order.
        HashSet<string> keys =
        [
            .. new[] { "W8A8", "W4A8" }.SelectMany(scheme => Plan(RecipePresets.Get(preset, scheme), blocks: null, shards: null).Graph.Items)
                .Select(item => item.Key.Text),
        ];
        foreach ((string scheme, bool strict) in new[] { ("W8A8", true), ("W4A8", false), ("W6A6", false), ("W4A4", true), ("W4A16", false), ("W8A16", false) })
        {
            WorkPlan second = Plan(RecipePresets.Get(preset, scheme, strict), blocks: null, shards: null);
            Assert.All(second.Graph.Items.Where(item => _firstPass.Contains(item.Kind)), item => Assert.Contains(item.Key.Text, keys));
            if (!strict)
            {
                Assert.All(second.Graph.Items.Where(item => item.Kind == WorkKind.ObserveMoments), item => Assert.Contains(item.Key.Text, keys));
            }
        }
    }

    [Fact]
    public void SelfSampledSequences_DependOnTheWholeModelAndTheProfile()
    {
        PlanRequest request = PlanCase.Request(_recipe, isSelf: true);
        WorkPlan before = WorkPlanner.Plan(request);
        Assert.Equal(2, before.Graph.Items.Count(item => item.Kind == WorkKind.Tokenize));
        foreach (PlanRequest changed in new[] { request.WithFile("layer-3.safetensors"), request with { Profile = "gpu" } })
        {
            Assert.Empty(WorkPlanner.Plan(changed).Graph.Items.Select(item => item.Key).Intersect(before.Graph.Items.Select(item => item.Key)));
        }
    }

    private static PlanRequest Request(Recipe recipe) => PlanCase.Request(recipe);

    private static WorkPlan Plan(Recipe recipe, int? blocks = 2, int? shards = 2) => WorkPlanner.Plan(PlanCase.Request(recipe, blocks, shards));

    private static void AssertChanges(Func<PlanRequest, PlanRequest> change, params WorkKind[] direct) =>
        AssertChanges(change, item => direct.Contains(item.Kind));

    private static void AssertChanges(Func<PlanRequest, PlanRequest> change, Func<WorkItem, bool> direct)
    {
        PlanRequest request = Request(_recipe);
        WorkPlan before = WorkPlanner.Plan(request), after = WorkPlanner.Plan(change(request));
        Assert.Equal(before.Graph.Items.Select(item => item.Label), after.Graph.Items.Select(item => item.Label));
        var changed = new HashSet<int>();
        foreach (WorkItem item in before.Graph.Items)
        {
            bool expected = direct(item) || item.Needs.Any(changed.Contains);
            Assert.True(expected == (after.Graph.Items[item.Index].Key != item.Key), $"{item.Label}: expected {(expected ? "another" : "the same")} key");
            if (expected)
            {
                changed.Add(item.Index);
            }
        }

        Assert.NotEmpty(changed);
        Assert.NotEqual(before.Id, after.Id);
    }
}
