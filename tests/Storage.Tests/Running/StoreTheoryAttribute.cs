using Xunit;
using Xunit.Sdk;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>A theory that is skipped in a class that needs what this machine has not.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("MambaQuant.Storage.Tests.Running.StoreTheoryDiscoverer", "MambaQuant.Storage.Tests")]
public sealed class StoreTheoryAttribute : TheoryAttribute;
