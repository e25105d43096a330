using Xunit.Abstractions;
using Xunit.Sdk;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>Finds <see cref="StoreTheoryAttribute"/>; every row is a test.</summary>
public sealed class StoreTheoryDiscoverer(IMessageSink messages) : TheoryDiscoverer(messages)
{
    /// <inheritdoc/>
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow) =>
        [new StoreTestCase(DiagnosticMessageSink, discoveryOptions, testMethod, dataRow)];
}
