using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Evaluation;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Tokenization;
using MambaQuant.Testing;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>A tiny model with the sample's tokenizer, and a text of a few windows, the last one shorter.</summary>
internal sealed class EvaluatedModel : IDisposable
{
    public const int WindowLength = 40;

    public EvaluatedModel(Func<SyntheticMamba, SyntheticMamba>? edit = null)
    {
        SyntheticMamba synthetic = TinyModel.Synthetic with { Config = TinyModel.Synthetic.Config with { VocabularySize = 4096, LayerCount = 3 } };
        Model = new TinyModel(edit?.Invoke(synthetic) ?? synthetic);
        File.Copy(Repository.Path("samples", "mamba-5m", "tokenizer.json"), Path.Combine(Model.Path, "tokenizer.json"));
        TextPath = Model.File("judge.txt");
        File.WriteAllText(TextPath, File.ReadAllText(Repository.Path("samples", "mamba-5m", "eval.txt"))[..1000]);
        Tokens = CalibrationSampler.Tokenize(BytePairTokenizer.Load(Path.Combine(Model.Path, "tokenizer.json")), TextFile.Read(TextPath));
    }

    public TinyModel Model { get; }

    public string TextPath { get; }

    public int[] Tokens { get; }

    public int Windows => (Tokens.Length + WindowLength - 1) / WindowLength;

    public EvaluationIdentity Identity => new EvaluationTextOptions(TextPath) { WindowLength = WindowLength }.Identify(Model.Path);

    /// <summary>A plan that evaluates.</summary>
    public WorkPlan Plan(IKernels kernels, Recipe recipe, int evaluationShards = 1, bool compares = true, int shards = 1)
    {
        PlanRequest request = PlanRun.Request(Model, kernels, recipe, blocks: 1, shards);
        return WorkPlanner.Plan(request with
        {
            Evaluation = Identity with { ComparesWithFloat = compares },
            Options = request.Options with { EvaluationShards = evaluationShards },
        });
    }

    /// <summary>What <c>evaluate</c> says of a checkpoint, or of the float model where no checkpoint is named.</summary>
    public EvaluationScores Direct(IKernels kernels, string? checkpoint, bool compares = true)
    {
        using LoadedModel original = LanguageModels.Open(kernels, Model.Path);
        using LoadedModel model = LanguageModels.Open(kernels, checkpoint is null ? Model.Path : Model.File(checkpoint));
        EvaluationResult result = Evaluator.Evaluate(
            kernels,
            model.Model,
            EvaluationWindows.Cut(Tokens, WindowLength),
            TimeProvider.System,
            checkpoint is not null && compares ? original.Model : null,
            new EvaluationOptions { BatchSize = 2 });
        return new EvaluationScores
        {
            Nll = result.Nll,
            Tokens = result.Tokens,
            Scored = result.Scored,
            Windows = result.Windows,
            KlMean = result.KlMean,
            Top1Agreement = result.Top1Agreement,
        };
    }

    public void Dispose() => Model.Dispose();
}
