using Xunit;
using Xunit.Sdk;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>A test that is skipped in a class that needs what this machine has not: a base class of tests cannot know that of its subclasses.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("MambaQuant.Storage.Tests.Running.StoreFactDiscoverer", "MambaQuant.Storage.Tests")]
public sealed class StoreFactAttribute : FactAttribute;
