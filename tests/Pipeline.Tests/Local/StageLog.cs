using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>Keeps every report, and may do something when a stage begins.</summary>
internal sealed class StageLog : IProgress<StageProgress>
{
    private readonly string? _stage;
    private readonly Action? _begins;

    public StageLog()
    {
    }

    /// <summary>Does something at the first report of a stage.</summary>
    public StageLog(string stage, Action begins)
    {
        _stage = stage;
        _begins = begins;
    }

    public List<StageProgress> Reports { get; } = [];

    /// <summary>The stages in the order in which they began.</summary>
    public IEnumerable<string> Names => Reports.Select(report => report.Stage).Distinct();

    public void Report(StageProgress value)
    {
        bool isFirst = value.Stage == _stage && Reports.All(report => report.Stage != _stage);
        Reports.Add(value);
        if (isFirst)
        {
            _begins!();
        }
    }
}
