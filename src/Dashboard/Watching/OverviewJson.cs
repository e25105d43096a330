using System.Text.Json;
using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Dashboard.Watching;

/// <summary>How pieces of a <see cref="JobOverview"/> are written for a page.</summary>
internal static class OverviewJson
{
    /// <summary>Whether what <see cref="WriteHead"/> writes is the same.</summary>
    public static bool HeadIsEqual(JobOverview one, JobOverview other) =>
        one.Status == other.Status
        && one.Cause == other.Cause
        && one.Fault == other.Fault
        && one.Store == other.Store
        && one.Made == other.Made
        && one.Reused == other.Reused
        && one.Repeated == other.Repeated
        && one.Damaged.AsSpan().SequenceEqual(other.Damaged.AsSpan());

    /// <summary>Everything that there is one of.</summary>
    public static void WriteHead(Utf8JsonWriter json, JobOverview overview)
    {
        json.WriteString("status", NameOf(overview.Status));
        json.WriteString("cause", overview.Cause);
        json.WriteString("fault", overview.Fault);
        json.WriteString("store", overview.Store);
        json.WriteNumber("made", overview.Made);
        json.WriteNumber("reused", overview.Reused);
        json.WriteNumber("repeated", overview.Repeated);
        json.WriteStartArray("damaged");
        foreach (string damaged in overview.Damaged)
        {
            json.WriteStringValue(damaged);
        }

        json.WriteEndArray();
    }

    /// <summary>Stages, if any.</summary>
    public static void WriteStages(Utf8JsonWriter json, IEnumerable<StageOverview> stages) => WriteList(json, "stages", stages, static (json, stage) =>
    {
        json.WriteString("stage", stage.Stage);
        json.WriteNumber("done", stage.Done);
        json.WriteNumber("total", stage.Total);
        json.WriteString("unit", stage.Unit);
        json.WriteNumber("perSecond", Short(stage.PerSecond));
        if (stage.SecondsLeft is double left)
        {
            json.WriteNumber("secondsLeft", Short(left));
        }
    });

    /// <summary>Workers, if any.</summary>
    public static void WriteWorkers(Utf8JsonWriter json, IEnumerable<WorkerOverview> workers) => WriteList(json, "workers", workers, static (json, worker) =>
    {
        json.WriteString("name", worker.Name);
        json.WriteString("device", worker.Device);
        json.WriteNumber("made", worker.ItemsMade);
        if (worker.Item is int item)
        {
            json.WriteNumber("item", item);
            json.WriteNumber("attempt", worker.Attempt);
            json.WriteNumber("done", worker.Done);
            json.WriteNumber("total", worker.Total);
            json.WriteString("unit", worker.Unit);
            json.WriteNumber("seconds", Short(worker.Seconds));
        }
    });

    /// <summary>Names of workers that are gone, if any.</summary>
    public static void WriteGone(Utf8JsonWriter json, IEnumerable<string> workers)
    {
        string[] names = [.. workers];
        if (names.Length > 0)
        {
            json.WriteStartArray("gone");
            Array.ForEach(names, json.WriteStringValue);
            json.WriteEndArray();
        }
    }

    /// <summary>Notices, if any.</summary>
    public static void WriteNotices(Utf8JsonWriter json, IEnumerable<NoticeOverview> notices) => WriteList(json, "notices", notices, static (json, notice) =>
    {
        json.WriteNumber("number", notice.Number);
        json.WriteString("kind", NameOf(notice.Kind));
        json.WriteNumber("at", notice.At);
        json.WriteString("text", notice.Text);
    });

    /// <summary>How every item stands: a digit each, the number of its <see cref="Pipeline.Scheduling.ItemStatus"/>.</summary>
    public static void WriteStatuses(Utf8JsonWriter json, ReadOnlySpan<byte> statuses)
    {
        byte[] digits = new byte[statuses.Length];
        for (int item = 0; item < digits.Length; item++)
        {
            digits[item] = (byte)('0' + statuses[item]);
        }

        json.WriteString("items", digits);
    }

    /// <summary>Items that changed, if any: index, status, index, status.</summary>
    public static void WriteChanges(Utf8JsonWriter json, ReadOnlySpan<byte> statuses, ReadOnlySpan<long> changedAt, long after)
    {
        bool isBegun = false;
        for (int item = 0; item < statuses.Length; item++)
        {
            if (changedAt[item] > after)
            {
                if (!isBegun)
                {
                    json.WriteStartArray("items");
                    isBegun = true;
                }

                json.WriteNumberValue(item);
                json.WriteNumberValue(statuses[item]);
            }
        }

        if (isBegun)
        {
            json.WriteEndArray();
        }
    }

    /// <summary>The name of a value as pages know it: lower case.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static void WriteList<T>(Utf8JsonWriter json, string name, IEnumerable<T> values, Action<Utf8JsonWriter, T> write)
    {
        bool isBegun = false;
        foreach (T value in values)
        {
            if (!isBegun)
            {
                json.WriteStartArray(name);
                isBegun = true;
            }

            json.WriteStartObject();
            write(json, value);
            json.WriteEndObject();
        }

        if (isBegun)
        {
            json.WriteEndArray();
        }
    }

    /// <summary>Enough digits for people; JSON knows no infinity.</summary>
    private static double Short(double value) => double.IsFinite(value) ? Math.Round(value, value < 100 ? 3 : 0, MidpointRounding.ToEven) : 0;
}
