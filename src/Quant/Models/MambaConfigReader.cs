using System.Text.Json;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Models;

/// <summary>Reads the dimensions of a Mamba-1 language model from config.json, as Hugging Face writes it.</summary>
/// <remarks>
/// Every field that shapes the computation is read with its type and range; the older names (d_model, n_layer, d_inner) are
/// taken where the newer ones are absent, and must agree with them where both are there. Fields that only matter for training
/// (initialisation, time-step range) and for other runtimes are passed over.
/// </remarks>
public static class MambaConfigReader
{
    /// <summary>The file's name in a model folder.</summary>
    public const string FileName = "config.json";

    private const int MaxWidth = 1 << 20;
    private const int MaxVocabulary = 1 << 24;
    private const int MaxLayers = 1 << 14;

    /// <summary>Reads the file of a model folder.</summary>
    /// <param name="directory">The model folder.</param>
    /// <exception cref="UnsupportedModelException">There is no such folder, or the model is of another kind; the message says what helps.</exception>
    /// <exception cref="InvalidModelConfigException">The file is missing, damaged or contradicts itself; all problems are named.</exception>
    public static MambaConfig Read(string directory) => Read(ModelFolder.Open(directory));

    /// <summary>Reads the file among a model's files.</summary>
    /// <param name="files">The model's files.</param>
    /// <exception cref="UnsupportedModelException">The model is of another kind; the message says what helps.</exception>
    /// <exception cref="InvalidModelConfigException">The file is missing, damaged or contradicts itself; all problems are named.</exception>
    public static MambaConfig Read(IModelFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        using JsonDocument document = Open(files);
        return Read(document.RootElement, files.Locate(FileName));
    }

    /// <summary>Parses the file among a model's files.</summary>
    /// <param name="files">The model's files.</param>
    /// <returns>The document; dispose it.</returns>
    internal static JsonDocument Open(IModelFiles files)
    {
        if (!files.Contains(FileName))
        {
            throw files.Names.Any(name => name.EndsWith(".safetensors", StringComparison.Ordinal))
                ? new InvalidModelConfigException($"'{files.Description}' has no {FileName}. Copy it from where the weights came from.")
                : ModelDirectory.NoSafetensors(files);
        }

        using IByteSource source = files.Open(FileName);
        return JsonFile.Read(source);
    }

    /// <summary>Reads a parsed file.</summary>
    /// <param name="root">The JSON object.</param>
    /// <param name="path">Where it comes from, for messages.</param>
    internal static MambaConfig Read(JsonElement root, string path)
    {
        var problems = new List<string>();
        var fields = new JsonFields(root, problems);
        RefuseOtherKinds(fields, path);

        int d = Alias(fields, "hidden_size", "d_model", MaxWidth) ?? Missing(fields, "hidden_size", "the width of the residual stream");
        int? n = fields.Int32("state_size", 1, 1 << 12);
        int? rank = TimeStepRank(fields, d);
        var config = new MambaConfig
        {
            VocabularySize = fields.Int32("vocab_size", 1, MaxVocabulary) ?? Missing(fields, "vocab_size", "the rows of the embedding table"),
            DModel = d,
            DInner = InnerWidth(fields, d),
            DState = n ?? 16,
            DConv = fields.Int32("conv_kernel", 1, 1 << 8) ?? 4,
            DtRank = rank ?? 1,
            LayerCount = Alias(fields, "num_hidden_layers", "n_layer", MaxLayers) ?? Missing(fields, "num_hidden_layers", "the number of blocks"),
            NormEpsilon = (float)(fields.Number("layer_norm_epsilon", 0, 1) ?? 1e-5),
            UseBias = fields.Boolean("use_bias") ?? false,
            UseConvBias = fields.Boolean("use_conv_bias") ?? true,
            TieEmbeddings = fields.Boolean("tie_word_embeddings") ?? true,
            EndOfTextToken = Token(fields, "eos_token_id"),
            BeginOfTextToken = Token(fields, "bos_token_id"),
        };
        CheckTokens(fields, config);
        return problems.Count == 0 ? config : throw Invalid(path, problems);
    }

    /// <summary>All problems of a file in one exception.</summary>
    internal static InvalidModelConfigException Invalid(string path, IReadOnlyList<string> problems) => new(
        problems.Count == 1
            ? $"'{path}': {problems[0]}. Fetch the model's {FileName} again, or correct it."
            : $"'{path}' has {problems.Count} problems:\n  {string.Join("\n  ", problems)}\nFetch the model's {FileName} again, or correct it.");

    private static void RefuseOtherKinds(JsonFields fields, string path)
    {
        string? kind = fields.Text("model_type");
        if (kind is null && fields.Has("d_model") && (fields.Has("n_layer") || fields.Has("ssm_cfg")))
        {
            string folder = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
            throw new UnsupportedModelException(
                $"'{path}' is of the original mamba_ssm layout (d_model, n_layer, no model_type); expected the Hugging Face layout."
                + " The published models have a converted twin: hf download state-spaces/mamba-130m-hf --local-dir mamba-130m-hf (the name with -hf)."
                + " Your own: python -m transformers.models.mamba.convert_mamba_ssm_checkpoint_to_pytorch"
                + $" -i {Path.Combine(folder, "pytorch_model.bin")} -c {path} -o converted, then name that folder.");
        }

        if (kind != "mamba")
        {
            throw new UnsupportedModelException(
                $"'{path}': expected model_type 'mamba' (Mamba-1 language models, MambaForCausalLM), found {(kind is null ? "none" : $"'{kind}'")}."
                + " Models of this type are not supported; take one such as state-spaces/mamba-130m-hf:"
                + " hf download state-spaces/mamba-130m-hf --local-dir mamba-130m-hf.");
        }

        if (fields.Text("hidden_act") is string act && act is not ("silu" or "swish"))
        {
            throw new UnsupportedModelException($"'{path}': expected hidden_act 'silu', found '{act}'. Mamba models with another activation are not supported.");
        }

        if (fields.Boolean("rms_norm") == false)
        {
            throw new UnsupportedModelException($"'{path}': expected rms_norm true, found false. Mamba models with LayerNorm are not supported.");
        }

        if (fields.Object("ssm_cfg") is JsonFields ssm && ssm.Text("layer") is string layer && layer != "Mamba1")
        {
            throw new UnsupportedModelException($"'{path}': expected Mamba-1 blocks, found ssm_cfg.layer '{layer}', which is not supported.");
        }
    }

    private static int InnerWidth(JsonFields fields, int d)
    {
        double? expand = fields.Number("expand", 0, 1024);
        int? stated = Alias(fields, "intermediate_size", "d_inner", MaxWidth);
        if (stated is int width && expand is double factor && (int)(factor * d) != width)
        {
            fields.Problem($"'intermediate_size' is {width}, but 'expand' · 'hidden_size' is {factor} · {d} = {(int)(factor * d)}: expected the same");
        }

        double computed = (expand ?? 2) * d;
        if (stated is null && computed > MaxWidth)
        {
            fields.Problem($"'expand' · 'hidden_size' is {computed}, expected at most {MaxWidth}");
        }

        return stated ?? (int)Math.Min(computed, MaxWidth);
    }

    private static int? TimeStepRank(JsonFields fields, int d)
    {
        // ceil(d / 16), the rule of the Mamba paper's code.
        int automatic = (d + 15) / 16;
        return fields.Find("time_step_rank") is not JsonElement value || (value.ValueKind == JsonValueKind.String && value.ValueEquals("auto"))
            ? automatic
            : value.ValueKind == JsonValueKind.Number
                ? fields.Int32("time_step_rank", 1, MaxWidth)
                : fields.Wrong<int>("time_step_rank", $"a whole number from 1 to {MaxWidth} or \"auto\"", value);
    }

    /// <summary>A field under its newer or older name; both must agree.</summary>
    private static int? Alias(JsonFields fields, string name, string older, int maximum)
    {
        int? value = fields.Int32(name, 1, maximum);
        int? alias = fields.Int32(older, 1, maximum);
        if (value is int a && alias is int b && a != b)
        {
            fields.Problem($"'{name}' is {a}, but '{older}' is {b}: expected the same");
        }

        return value ?? alias;
    }

    /// <summary>A token id, or the first of a list of them.</summary>
    private static int? Token(JsonFields fields, string name)
    {
        if (fields.Find(name) is JsonElement { ValueKind: JsonValueKind.Array } list)
        {
            return list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.Number && list[0].TryGetInt32(out int first) && first >= 0
                ? first
                : fields.Wrong<int>(name, "token ids", list);
        }

        return fields.Int32(name, 0, MaxVocabulary);
    }

    private static void CheckTokens(JsonFields fields, MambaConfig config)
    {
        foreach ((string name, int? token) in new[] { ("eos_token_id", config.EndOfTextToken), ("bos_token_id", config.BeginOfTextToken) })
        {
            if (token >= config.VocabularySize && config.VocabularySize > 0)
            {
                fields.Problem($"'{name}' is {token}: expected less than 'vocab_size', which is {config.VocabularySize}");
            }
        }
    }

    private static int Missing(JsonFields fields, string name, string what)
    {
        // A field that is there but wrong has its sentence already.
        if (!fields.Has(name))
        {
            fields.Missing(name, what);
        }

        return 0;
    }
}
