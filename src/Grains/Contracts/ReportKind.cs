namespace MambaQuant.Grains.Contracts;

/// <summary>How an attempt ended.</summary>
[GenerateSerializer, Alias("mq.ReportKind")]
public enum ReportKind
{
    /// <summary>The item's artifacts are made.</summary>
    Completed = 0,

    /// <summary>It failed in a way that may go away.</summary>
    FailedForNow = 1,

    /// <summary>It failed in a way that every attempt would meet.</summary>
    FailedForGood = 2,

    /// <summary>What another item made is missing or damaged.</summary>
    InputLost = 3,

    /// <summary>It was stopped and given back.</summary>
    Released = 4,
}
