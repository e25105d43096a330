using System.Buffers;
using System.Text.Json;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Dashboard.Watching;

/// <summary>What a job is made of, written small for a page: what it draws its graph and its maps from.</summary>
internal static class PlanJson
{
    /// <summary>Writes.</summary>
    /// <param name="plan">The job.</param>
    /// <remarks>An item takes four numbers of one flat list: the number of its kind in "kinds", its first layer, its layers, its shard.</remarks>
    public static byte[] Write(WorkPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var buffer = new ArrayBufferWriter<byte>(1024 + (plan.Graph.Items.Length * 16));
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("job", plan.Id);
        json.WriteString("recipe", plan.Request.Recipe.Name);
        json.WriteString("scheme", plan.Request.Recipe.Quantization?.Scheme.Name);
        json.WriteNumber("layers", plan.Grid.Layers);
        json.WriteNumber("blocks", plan.Grid.Blocks);
        json.WriteNumber("shards", plan.Grid.Shards);
        json.WriteNumber("samples", plan.Request.Calibration.Samples);
        json.WriteNumber("sequenceLength", plan.Request.Calibration.SequenceLength);
        var meters = new StageMeters(plan);
        string[] stageOf = [.. plan.Graph.Items.Select(item => meters.Of(item.Index).Stage)];
        WriteKinds(json, plan, stageOf, out Dictionary<WorkKind, int> numbers);
        WriteStages(json, plan, stageOf);
        json.WriteStartArray("items");
        foreach (WorkItem item in plan.Graph.Items)
        {
            json.WriteNumberValue(numbers[item.Kind]);
            json.WriteNumberValue(item.First);
            json.WriteNumberValue(item.Count);
            json.WriteNumberValue(item.Shard);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteKinds(Utf8JsonWriter json, WorkPlan plan, string[] stageOf, out Dictionary<WorkKind, int> numbers)
    {
        numbers = [];
        json.WriteStartArray("kinds");
        foreach (WorkItem item in plan.Graph.Items)
        {
            if (numbers.TryAdd(item.Kind, numbers.Count))
            {
                json.WriteStartObject();
                json.WriteString("kind", item.Kind.ToString());
                json.WriteString("stage", stageOf[item.Index]);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    /// <summary>The stages in the order of the work, each with the ones right before it.</summary>
    private static void WriteStages(Utf8JsonWriter json, WorkPlan plan, string[] stageOf)
    {
        List<string> order = [];
        var needs = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (WorkItem item in plan.Graph.Items)
        {
            string stage = stageOf[item.Index];
            if (!needs.TryGetValue(stage, out HashSet<string>? before))
            {
                order.Add(stage);
                needs.Add(stage, before = new HashSet<string>(StringComparer.Ordinal));
            }

            before.UnionWith(item.Needs.Select(need => stageOf[need]).Where(other => other != stage));
        }

        json.WriteStartArray("stages");
        foreach (string stage in order)
        {
            json.WriteStartObject();
            json.WriteString("stage", stage);
            json.WriteStartArray("needs");
            foreach (string need in order.Where(need => needs[stage].Contains(need) && !IsReachedOtherwise(needs, stage, need)))
            {
                json.WriteStringValue(need);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Whether a stage that is needed stands behind another one that is, so that an edge to it would tell nothing new.</summary>
    private static bool IsReachedOtherwise(Dictionary<string, HashSet<string>> needs, string stage, string need)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { stage };
        var open = new Stack<string>(needs[stage].Where(other => other != need));
        while (open.TryPop(out string? next))
        {
            if (next == need)
            {
                return true;
            }

            if (seen.Add(next))
            {
                foreach (string before in needs[next])
                {
                    open.Push(before);
                }
            }
        }

        return false;
    }
}
