using System.Text.Json.Serialization;

namespace MambaQuant.Client.Doctor;

/// <summary>How a check of the machine ended.</summary>
internal enum CheckStatus
{
    /// <summary>Nothing to do.</summary>
    [JsonStringEnumMemberName("pass")]
    Pass,

    /// <summary>Works, though slower or with less room than it could.</summary>
    [JsonStringEnumMemberName("warn")]
    Warn,

    /// <summary>Will not work until fixed.</summary>
    [JsonStringEnumMemberName("fail")]
    Fail,
}
