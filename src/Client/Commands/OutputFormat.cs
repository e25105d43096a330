namespace MambaQuant.Client.Commands;

/// <summary>What stdout carries.</summary>
internal enum OutputFormat
{
    /// <summary>Lines and tables for people.</summary>
    Text,

    /// <summary>One JSON document.</summary>
    Json,
}
