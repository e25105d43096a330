using MambaQuant.Client.Output;
using MambaQuant.Client.Progress;
using MambaQuant.Grains.Contracts;

namespace MambaQuant.Client.Cluster;

/// <summary>A job of a cluster for people: what <c>jobs show --cluster</c> prints.</summary>
internal static class JobDescription
{
    /// <summary>The word for a phase.</summary>
    /// <param name="phase">The phase.</param>
    public static string PhaseText(JobPhase phase) => phase switch
    {
        JobPhase.Queued => "queued",
        JobPhase.Opening => "opening",
        JobPhase.Running => "running",
        JobPhase.Finished => "finished",
        JobPhase.Failed => "failed",
        JobPhase.Cancelled => "cancelled",
        _ => "unknown",
    };

    /// <summary>Prints a job.</summary>
    /// <param name="view">The job.</param>
    /// <param name="output">Where to.</param>
    public static void Write(JobView view, TextWriter output)
    {
        output.WriteLine($"job      {view.Job}, {PhaseText(view.Phase)}{(view.Cause.Length > 0 ? $": {view.Cause}" : "")}");
        output.WriteLine($"store    {view.Store}");
        if (view.Owner.Length > 0)
        {
            output.WriteLine($"driver   {view.Owner}");
        }

        output.WriteLine($"items    {view.Made:N0} made, {view.Reused:N0} found done, {view.Repeated:N0} times begun again");
        WriteItems(view, output);
        WriteStages(view, output);
        WriteSlots(view, output);
        foreach (JobNotice notice in view.Notices)
        {
            output.WriteLine(notice.Text);
        }
    }

    private static void WriteItems(JobView view, TextWriter output)
    {
        if (!view.Items.IsEmpty)
        {
            output.WriteLine();
            TextTable items = new("kind", "waiting", "ready", "running", "done", "unneeded");
            foreach (ItemCount kind in view.Items)
            {
                items.Add(kind.Kind, $"{kind.Waiting:N0}", $"{kind.Ready:N0}", $"{kind.Running:N0}", $"{kind.Done:N0}", $"{kind.Unneeded:N0}");
            }

            items.Write(output);
        }
    }

    private static void WriteStages(JobView view, TextWriter output)
    {
        if (!view.Stages.IsEmpty)
        {
            output.WriteLine();
            TextTable stages = new("stage", "done", "of", "rate");
            foreach (StageView stage in view.Stages)
            {
                stages.Add(stage.Stage, $"{stage.Done:N0}", $"{stage.Total:N0} {stage.Unit}", stage.PerSecond > 0 ? ProgressText.Rate(stage.PerSecond, stage.Unit) : "");
            }

            stages.Write(output);
        }
    }

    private static void WriteSlots(JobView view, TextWriter output)
    {
        if (!view.Slots.IsEmpty)
        {
            output.WriteLine();
            TextTable slots = new("slot", "device", "item", "attempt", "progress");
            foreach (SlotView slot in view.Slots)
            {
                slots.Add(
                    slot.Slot, slot.Device, slot.Item ?? "waits", slot.Item is null ? "" : $"{slot.Attempt}", slot.Total > 0 ? $"{slot.Done:N0} of {slot.Total:N0} {slot.Unit}" : "");
            }

            slots.Write(output);
        }
    }
}
