using System.Collections.Immutable;

namespace MambaQuant.Quant.Models;

/// <summary>Tensor names of Hugging Face Mamba-1 checkpoints, within a layer and within the model.</summary>
public static class MambaTensors
{
    /// <summary>Embedding table, [V, d].</summary>
    public const string Embeddings = "backbone.embeddings.weight";

    /// <summary>Weight of the final norm, [d].</summary>
    public const string FinalNorm = "backbone.norm_f.weight";

    /// <summary>Head, [V, d]; absent where it is tied to the embeddings.</summary>
    public const string Head = "lm_head.weight";

    /// <summary>Norm weight γ, [d].</summary>
    public const string Norm = "norm.weight";

    /// <summary>in_proj, [2E, d]: rows of x, then rows of the gate z.</summary>
    public const string InProj = "mixer.in_proj.weight";

    /// <summary>Bias of in_proj, [2E], optional.</summary>
    public const string InProjBias = "mixer.in_proj.bias";

    /// <summary>Taps of the convolution, [E, K] (stored as [E, 1, K]).</summary>
    public const string Conv = "mixer.conv1d.weight";

    /// <summary>Bias of the convolution, [E], optional.</summary>
    public const string ConvBias = "mixer.conv1d.bias";

    /// <summary>x_proj, [R + 2N, E]: rows of dt, B, C.</summary>
    public const string XProj = "mixer.x_proj.weight";

    /// <summary>dt_proj, [E, R].</summary>
    public const string DtProj = "mixer.dt_proj.weight";

    /// <summary>Bias of dt_proj, [E].</summary>
    public const string DtProjBias = "mixer.dt_proj.bias";

    /// <summary>log(−A), [E, N].</summary>
    public const string ALog = "mixer.A_log";

    /// <summary>Skip weight D, [E].</summary>
    public const string D = "mixer.D";

    /// <summary>out_proj, [d, E].</summary>
    public const string OutProj = "mixer.out_proj.weight";

    /// <summary>Bias of out_proj, [d], optional.</summary>
    public const string OutProjBias = "mixer.out_proj.bias";

    /// <summary>All names within a layer, those of optional biases too.</summary>
    public static ImmutableArray<string> LayerNames { get; } =
        [Norm, InProj, InProjBias, Conv, ConvBias, XProj, DtProj, DtProjBias, ALog, D, OutProj, OutProjBias];

    /// <summary>The name in the checkpoint of a tensor of a layer.</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="name">Name within it.</param>
    public static string InLayer(int layer, string name) => $"backbone.layers.{layer}.{name}";
}
