namespace MambaQuant.Storage.Tests.Running;

/// <summary>Tests of this class need the emulator; they are skipped, with the reason, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsAzuriteAttribute : Attribute;
